import type { IncomingHttpHeaders } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';

/** The most that one read takes of a body, in bytes: the window opens by what is left in the stream, so a read of all would hold two windows. */
const READ_BYTES = 64 * 1024;

/** A body that has brought this much moves, in bytes: what is taken of one whose service has stopped is less. */
const MOVING_BYTES = 512 * 1024;

/**
 * A request of HTTP/2 with what the gateway asks of one of HTTP/1: `IncomingMessage`, as far as it is used. Its body is read from the stream itself.
 * Pseudo-header fields are no headers here; `:authority` is `host`. Source: RFC 9113 section 8.3.1.
 */
export class StreamRequest {
  readonly httpVersion = '2.0';
  readonly httpVersionMajor = 2;
  readonly httpVersionMinor = 0;
  readonly stream: ServerHttp2Stream;
  /** The connection's, which the streams on it share: it says who the client is, and is not to be read, written or ended. */
  readonly socket: Socket;
  readonly method: string;
  url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: string[];
  readonly #onMoving: (() => void) | undefined;
  /** Of the body, in bytes. */
  #taken = 0;

  /** `rawHeaders`: names and values, as they came. `onMoving`: called once, when so much of the body has been read that there will be more. */
  constructor(
    stream: ServerHttp2Stream,
    socket: Socket,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
    onMoving?: () => void,
  ) {
    this.#onMoving = onMoving;
    this.stream = stream;
    this.socket = socket;
    this.method = headers[':method'] as string;
    // CONNECT has none.
    this.url = (headers[':path'] as string | undefined) ?? '*';
    this.headers = {};
    this.rawHeaders = [];
    for (const name in headers) if (name[0] !== ':') this.headers[name] = headers[name];
    const authority = headers[':authority'] as string | undefined;
    if (authority !== undefined) {
      this.rawHeaders.push('host', authority);
      this.headers.host = authority;
    }
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const name = rawHeaders[index] as string;
      const value = rawHeaders[index + 1] as string;
      // The same host twice is one; another one stays, and is refused.
      if (name[0] === ':' || (name === 'host' && value === authority)) continue;
      this.rawHeaders.push(name, value);
    }
  }

  /** The body has been read to its end, or there is none. */
  get complete(): boolean {
    return this.stream.endAfterHeaders || (this.readableEnded && !this.aborted);
  }

  /** The stream was reset before its answer was whole. */
  get aborted(): boolean {
    return this.stream.aborted;
  }

  get destroyed(): boolean {
    return this.stream.destroyed;
  }

  get readableEnded(): boolean {
    return this.stream.readableEnded;
  }

  get readableDidRead(): boolean {
    return this.stream.readableDidRead;
  }

  get readableLength(): number {
    return this.stream.readableLength;
  }

  read(): Buffer | null {
    const { stream } = this;
    const bytes = stream.read(stream.readableLength > READ_BYTES ? READ_BYTES : undefined) as Buffer | null;
    if (bytes !== null) this.#took(bytes);
    return bytes;
  }

  pause(): this {
    this.stream.pause();
    return this;
  }

  resume(): this {
    this.stream.resume();
    return this;
  }

  on(event: string, listener: (...values: never[]) => void): this {
    // Before the listener, which may pause the stream.
    if (event === 'data') this.stream.on('data', this.#took);
    this.stream.on(event, listener as () => void);
    return this;
  }

  once(event: string, listener: (...values: never[]) => void): this {
    this.stream.once(event, listener as () => void);
    return this;
  }

  off(event: string, listener: (...values: never[]) => void): this {
    if (event === 'data') this.stream.off('data', this.#took);
    this.stream.off(event, listener as () => void);
    return this;
  }

  removeListener(event: string, listener: (...values: never[]) => void): this {
    return this.off(event, listener);
  }

  readonly #took = ({ length }: Buffer): void => {
    if (this.#taken >= MOVING_BYTES) return;
    this.#taken += length;
    if (this.#taken >= MOVING_BYTES) this.#onMoving?.();
  };
}
