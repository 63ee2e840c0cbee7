import type { IncomingMessage } from 'node:http';
import { Code, RpcError } from '../status/index.js';
import { createDeferred, type Deferred } from './deferred.js';
import { watchPeer } from './peer-watch.js';

/** What is read and dropped of a body that nobody wants, before the connection is closed instead. */
const DISCARD_BYTES = 1024 * 1024;
/** How long that may take, in milliseconds. */
const DISCARD_MS = 2_000;

/**
 * A request body, pulled: nothing is read from the socket but what Node buffers (64 KiB) until `read` asks for it.
 * Whoever makes one calls `close`.
 */
export class BodyReader {
  readonly #request: IncomingMessage;
  #wakeUp: Deferred<void> | undefined;
  #ended = false;
  #cut = false;
  #unwatch: (() => void) | undefined;

  constructor(request: IncomingMessage) {
    this.#request = request;
    request.on('readable', this.#wake);
    request.on('end', this.#end);
    request.on('close', this.#close);
    request.on('error', this.#close);
  }

  /**
   * The next bytes, as they arrived; `undefined` at the end of the body and after `close`. Rejects with CANCELLED when the
   * client left before the end.
   */
  async read(): Promise<Buffer | undefined> {
    this.#unwatch?.();
    const chunk = await this.#next();
    // Until the next read the socket is not read either, so nobody else would notice that the client has left.
    if (chunk !== undefined) this.#unwatch = watchPeer(this.#request.socket);
    return chunk;
  }

  async #next(): Promise<Buffer | undefined> {
    for (;;) {
      const chunk = this.#request.read() as Buffer | null;
      if (chunk !== null) return chunk;
      if (this.#ended) return undefined;
      if (this.#cut) throw new RpcError(Code.CANCELLED, 'the request body was cut short');
      this.#wakeUp ??= createDeferred();
      await this.#wakeUp.promise;
    }
  }

  /** The whole body, refused with 413 when it is larger than `maxBytes`. */
  async readAll(maxBytes: number): Promise<Buffer> {
    const declared = Number(this.#request.headers['content-length']);
    if (declared > maxBytes) throw tooLarge(maxBytes);
    const chunks: Buffer[] = [];
    let bytes = 0;
    for (let chunk = await this.#next(); chunk !== undefined; chunk = await this.#next()) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
      // Nearly every body is here with its head: then there is no event to wait for.
      if (this.#request.complete && this.#request.readableLength === 0) {
        this.#ended = true;
        break;
      }
    }
    return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  }

  /**
   * Nobody will read any more. A rest of the body is read and dropped within bounds, so that the client can read its
   * answer before the connection ends, and a small rest leaves the connection usable.
   */
  close(): void {
    this.#unwatch?.();
    this.#request.off('readable', this.#wake);
    const unfinished = !this.#ended && !this.#cut;
    this.#ended = true;
    this.#wake();
    if (!unfinished) return;
    const { socket } = this.#request;
    let dropped = 0;
    const stop = () => {
      clearTimeout(timer);
      this.#request.off('data', drop);
    };
    const drop = (chunk: Buffer) => {
      dropped += chunk.length;
      if (dropped > DISCARD_BYTES) socket.destroySoon();
    };
    const timer = setTimeout(() => socket.destroySoon(), DISCARD_MS);
    this.#request.once('close', stop);
    this.#request.once('end', stop);
    this.#request.on('data', drop);
    this.#request.resume();
  }

  readonly #wake = () => {
    const wakeUp = this.#wakeUp;
    this.#wakeUp = undefined;
    wakeUp?.resolve();
  };

  readonly #end = () => {
    this.#ended = true;
    this.#wake();
  };

  readonly #close = () => {
    if (!this.#ended) this.#cut = true;
    this.#wake();
  };
}

/** Drops a body that nobody has begun to read, within the same bounds. Does nothing when it has been read. */
export function discardBody(request: IncomingMessage): void {
  if (!request.readableEnded && !request.readableDidRead && !request.destroyed)
    new BodyReader(request).close();
}

/** RESOURCE_EXHAUSTED as HTTP says it. */
export function tooLarge(maxBytes: number): RpcError {
  return new RpcError(Code.RESOURCE_EXHAUSTED, `the message is larger than ${maxBytes} bytes`, {
    httpStatus: 413,
  });
}
