import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Peer } from '../exchange/index.js';
import { cutRequest, streamOf, watchDelivery } from '../liveness/index.js';

/**
 * The client's end of an HTTP exchange: the response, not the request, because a request closes as soon as its body has been read.
 */
export class HttpPeer implements Peer {
  readonly #response: ServerResponse;
  readonly #request: IncomingMessage;
  readonly #vanishedMs: number;

  /** A client that acknowledges nothing for `vanishedMs` has vanished. */
  constructor(response: ServerResponse, request: IncomingMessage, vanishedMs: number) {
    this.#response = response;
    this.#request = request;
    this.#vanishedMs = vanishedMs;
  }

  get isClosed(): boolean {
    return this.#response.destroyed;
  }

  get socketBytes(): number {
    return streamOf(this.#response)?.writableLength ?? this.#request.socket.writableLength;
  }

  // It closes once: what `once` would make to forget the listener costs an idle stream more than the listener.
  onLeft(listener: () => void): void {
    if (this.isClosed) listener();
    else this.#response.on('close', listener);
  }

  watch(): void {
    if (this.isClosed) return;
    this.#response.on('close', watchDelivery(this.#request.socket, this.#vanishedMs));
  }

  cut(): void {
    // The connection may carry another response by now.
    if (!this.isClosed) cutRequest(this.#request);
  }
}
