import type { OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { cutStream } from '../../surfaces/index.js';
import type { StreamRequest } from './stream-request.js';

type Fields = readonly (string | string[] | OutgoingHttpHeader)[] | OutgoingHttpHeaders;
type Listener = (...values: never[]) => void;

/** Fields of HTTP/1 that concern its connection. Source: RFC 9113 section 8.2.2. */
export const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The answer to a request of HTTP/2 with what the gateway asks of one of HTTP/1: `ServerResponse`, as far as it is used. Fields that concern a
 * connection are left out. Its events are those of the stream.
 */
export class StreamResponse {
  readonly req: StreamRequest;
  readonly stream: ServerHttp2Stream;
  readonly chunkedEncoding = false;
  statusCode = 200;
  /** Trailers may follow the body. Set before the head is sent; it costs a frame. */
  withTrailers = false;
  #headers: OutgoingHttpHeaders = {};
  #trailers: OutgoingHttpHeaders = {};
  #hasHead = false;
  #isEnded = false;

  constructor(request: StreamRequest) {
    this.req = request;
    this.stream = request.stream;
  }

  get socket(): Socket {
    return this.req.socket;
  }

  get headersSent(): boolean {
    return this.#hasHead;
  }

  get writableEnded(): boolean {
    return this.#isEnded;
  }

  get writableLength(): number {
    return this.stream.writableLength;
  }

  get destroyed(): boolean {
    return this.stream.destroyed;
  }

  getHeader(name: string): OutgoingHttpHeader | undefined {
    return this.#headers[name.toLowerCase()];
  }

  getHeaders(): OutgoingHttpHeaders {
    return { ...this.#headers };
  }

  getHeaderNames(): string[] {
    return Object.keys(this.#headers);
  }

  hasHeader(name: string): boolean {
    return this.getHeader(name) !== undefined;
  }

  setHeader(name: string, value: OutgoingHttpHeader): this {
    const lower = name.toLowerCase();
    if (!OF_CONNECTION.has(lower)) this.#headers[lower] = value;
    return this;
  }

  removeHeader(name: string): void {
    delete this.#headers[name.toLowerCase()];
  }

  /** Keeps the head until the first byte of the body, the end, or `flushHeaders`: then an answer without a body is one frame. */
  writeHead(statusCode: number, fields: Fields = {}): this {
    this.statusCode = statusCode;
    if (Array.isArray(fields)) {
      for (let index = 0; index < fields.length; index += 2)
        this.setHeader(fields[index] as string, fields[index + 1] as OutgoingHttpHeader);
    } else {
      const named = fields as OutgoingHttpHeaders;
      for (const name in named) {
        const value = named[name];
        if (value !== undefined) this.setHeader(name, value);
      }
    }
    this.#hasHead = true;
    return this;
  }

  flushHeaders(): void {
    this.#respond(false);
  }

  writeContinue(): void {
    if (!this.stream.destroyed && !this.stream.headersSent) this.stream.additionalHeaders({ ':status': 100 });
  }

  addTrailers(trailers: OutgoingHttpHeaders): void {
    Object.assign(this.#trailers, trailers);
  }

  write(bytes: Uint8Array | string, ...rest: [BufferEncoding?, (() => void)?] | [(() => void)?]): boolean {
    this.#respond(false);
    return Reflect.apply(this.stream.write, this.stream, [bytes, ...rest]) as boolean;
  }

  /** `onEnd`: the bytes have left this process. */
  end(bytes?: unknown, encoding?: unknown, onEnd?: unknown): this {
    const listener = [bytes, encoding, onEnd].find((value) => typeof value === 'function');
    const body =
      typeof bytes === 'string'
        ? Buffer.from(bytes, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
        : bytes instanceof Uint8Array
          ? bytes
          : undefined;
    this.#hasHead = true;
    this.#isEnded = true;
    const isEmpty = body === undefined || body.length === 0;
    this.#respond(isEmpty && !this.withTrailers);
    // It has ended already where there is no body, as in the answer to HEAD.
    if (this.stream.writableEnded || this.stream.destroyed) {
      if (listener !== undefined) this.stream.once('close', listener as () => void);
    } else {
      if (listener !== undefined) this.stream.once('finish', listener as () => void);
      this.stream.end(isEmpty ? undefined : body);
    }
    return this;
  }

  destroy(): this {
    cutStream(this.stream);
    return this;
  }

  on(event: string, listener: Listener): this {
    this.stream.on(event, listener as () => void);
    return this;
  }

  once(event: string, listener: Listener): this {
    this.stream.once(event, listener as () => void);
    return this;
  }

  off(event: string, listener: Listener): this {
    this.stream.off(event, listener as () => void);
    return this;
  }

  removeListener(event: string, listener: Listener): this {
    return this.off(event, listener);
  }

  #respond(endStream: boolean): void {
    const { stream } = this;
    this.#hasHead = true;
    if (stream.headersSent || stream.destroyed || stream.closed) return;
    if (this.withTrailers) stream.once('wantTrailers', () => stream.sendTrailers(this.#trailers));
    // Nothing reads or sets a header any more: Node copies them anyway.
    this.#headers[':status'] = this.statusCode;
    stream.respond(this.#headers, { endStream, waitForTrailers: this.withTrailers });
  }
}
