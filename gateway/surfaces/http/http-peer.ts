import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Peer } from '../exchange/index.js';
import { cutConnection, watchDelivery } from '../liveness/index.js';

/**
 * The client's end of an HTTP/1.1 exchange: the response, not the request, because a request closes as soon as its body has been read.
 */
export class HttpPeer implements Peer {
  readonly #response: ServerResponse;
  readonly #socket: Socket;
  readonly #vanishedMs: number;

  /** A client that acknowledges nothing for `vanishedMs` has vanished. */
  constructor(response: ServerResponse, socket: Socket, vanishedMs: number) {
    this.#response = response;
    this.#socket = socket;
    this.#vanishedMs = vanishedMs;
  }

  get isClosed(): boolean {
    return this.#response.destroyed;
  }

  onLeft(listener: () => void): void {
    if (this.isClosed) listener();
    else this.#response.once('close', listener);
  }

  watch(): void {
    if (this.isClosed) return;
    this.#response.once('close', watchDelivery(this.#socket, this.#vanishedMs));
  }

  cut(): void {
    // The connection may carry another response by now.
    if (!this.isClosed) cutConnection(this.#socket);
  }
}
