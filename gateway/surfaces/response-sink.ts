import type { ServerResponse } from 'node:http';
import { createDeferred, type Deferred } from './deferred.js';

/** How long a broken transfer waits for the client to close before the socket is destroyed, in milliseconds. */
const LINGER_MS = 2_000;

/**
 * The bytes of an HTTP response, with flow control. Listens to the response from the first instant, so no wait
 * can outlive the client; whoever makes one must end it with `end`, `break` or by the client leaving.
 */
export class ResponseSink {
  readonly #response: ServerResponse;
  #room: Deferred<void> | undefined;
  #closed = false;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.on('drain', this.#wake);
    response.on('close', this.#close);
    // A write that meets a vanished client fails here; `close` follows and says all that matters.
    response.on('error', ignore);
  }

  /** The client has left, or everything has been sent and the response is over. */
  get closed(): boolean {
    return this.#closed || this.#response.destroyed;
  }

  /** There is no room now: somebody waits in `write`. */
  get full(): boolean {
    return this.#room !== undefined;
  }

  /** Sends bytes. Resolves when there is room for more, or the client has left; returns nothing when there is room at once. */
  write(bytes: Uint8Array | string): Promise<void> | undefined {
    if (this.closed) return undefined;
    if (this.#response.write(bytes)) return undefined;
    this.#room ??= createDeferred();
    return this.#room.promise;
  }

  /** Ends the response as a whole one. Resolves when the bytes have left this process, or the client has. */
  async end(bytes?: Uint8Array | string): Promise<void> {
    if (this.closed) return;
    const over = createDeferred();
    this.#response.once('close', () => over.resolve());
    this.#response.end(bytes ?? '', () => over.resolve());
    await over.promise;
  }

  /**
   * Ends a chunked response so that no client takes it for a whole one: what was written is flushed, the last chunk
   * is never sent, and the socket is closed with a FIN. What the client still sends is read and dropped for
   * a moment, because a socket closed over unread bytes sends a reset, and a reset takes the flushed bytes with it.
   */
  async break(bytes?: Uint8Array | string): Promise<void> {
    const { socket } = this.#response;
    if (this.closed || socket === null) return;
    const gone = createDeferred();
    this.#response.once('close', () => gone.resolve());
    if (bytes !== undefined) {
      const flushed = createDeferred();
      this.#response.write(bytes, () => flushed.resolve());
      await Promise.race([flushed.promise, gone.promise]);
    }
    socket.end();
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    await gone.promise;
    clearTimeout(timer);
  }

  readonly #wake = () => {
    const room = this.#room;
    this.#room = undefined;
    room?.resolve();
  };

  readonly #close = () => {
    this.#closed = true;
    this.#response.off('drain', this.#wake);
    this.#response.off('close', this.#close);
    this.#wake();
  };
}

function ignore(): void {}
