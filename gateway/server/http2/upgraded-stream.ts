import type { OutgoingHttpHeaders } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { carriedBy } from '../../security/index.js';
import { cutStream } from '../../surfaces/index.js';
import { OF_CONNECTION } from './stream-response.js';

const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** What HTTP/1.1 says where HTTP/2 says that a stream is a WebSocket now. */
const SWITCHING = 101;

/**
 * A stream of HTTP/2 that is to become a WebSocket, as what serves one takes it: the socket of an upgraded connection. The head that is written to it first,
 * in the form of HTTP/1.1, leaves as that of the stream; what is not 101 is a refusal, which ends the stream. Source: RFC 8441 section 5.
 */
export class UpgradedStream extends Duplex {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly #stream: ServerHttp2Stream;
  #head: Buffer | undefined = Buffer.alloc(0);
  #isRefused = false;
  /** Bytes that have left this process. */
  #left = 0;

  constructor(stream: ServerHttp2Stream, socket: Socket) {
    super();
    this.#stream = stream;
    this.remoteAddress = socket.remoteAddress;
    this.remotePort = socket.remotePort;
    this.localAddress = socket.localAddress;
    this.localPort = socket.localPort;
    if ('encrypted' in socket) Object.assign(this, { encrypted: true });
    carriedBy(this as unknown as Socket, socket);
    stream.on('data', (bytes: Buffer) => {
      if (!this.push(bytes)) stream.pause();
    });
    stream.pause();
    stream.on('end', () => this.push(null));
    stream.on('close', () => this.destroy());
  }

  /** What was written, also what waits. */
  get bytesWritten(): number {
    return this.#left + this.writableLength;
  }

  override _read(): void {
    this.#stream.resume();
  }

  override _write(bytes: Buffer, _encoding: string, onLeft: (error?: Error | null) => void): void {
    const rest = this.#head === undefined ? bytes : this.#withoutHead(bytes);
    const left = (error?: Error | null) => {
      this.#left += bytes.length;
      onLeft(error);
    };
    if (this.#stream.destroyed || this.#stream.closed) onLeft(new Error('the stream is closed'));
    else if (rest.length === 0) left();
    else this.#stream.write(rest, left);
  }

  override _writev(chunks: { readonly chunk: Buffer }[], onLeft: (error?: Error | null) => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), '', onLeft);
  }

  override _final(onEnd: () => void): void {
    if (!this.#stream.destroyed) this.#stream.end();
    onEnd();
  }

  override _destroy(error: Error | null, onEnd: (error: Error | null) => void): void {
    if (this.#isRefused || this.writableEnded) {
      this.#stream.end();
      // Its client is not to wait with its own end.
      if (!this.#stream.closed) this.#stream.close();
    } else cutStream(this.#stream);
    // What a client still sends of a stream that is over.
    this.#stream.resume();
    onEnd(error);
  }

  /** What follows the head, which is sent as soon as it is whole: it is ours, so it needs no checks. */
  #withoutHead(bytes: Buffer): Buffer {
    const head = Buffer.concat([this.#head ?? Buffer.alloc(0), bytes]);
    const end = head.indexOf(END_OF_HEAD);
    this.#head = end === -1 ? head : undefined;
    if (end === -1) return Buffer.alloc(0);
    const [first = '', ...lines] = head.toString('latin1', 0, end).split('\r\n');
    const status = Number(first.split(' ')[1]);
    const headers: OutgoingHttpHeaders = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      if (!OF_CONNECTION.has(name) && name !== 'sec-websocket-accept')
        headers[name] = line.slice(colon + 1).trim();
    }
    this.#isRefused = status !== SWITCHING;
    if (!this.#stream.headersSent && !this.#stream.destroyed)
      this.#stream.respond({ ...headers, ':status': this.#isRefused ? status : 200 });
    return head.subarray(end + END_OF_HEAD.length);
  }
}
