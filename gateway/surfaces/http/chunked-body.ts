import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Bell, createDeferred } from '../../async/index.js';
import type { ByteWriter } from '../../codec/index.js';
import { isOpenEnded, resetWhenTaken } from '../liveness/index.js';
import type { ResponseSink } from './response-sink.js';

/** How long a broken transfer waits for the client to close before the socket is destroyed, in milliseconds. */
const LINGER_MS = 2_000;

/** Up to here a chunk is copied together with its frame: one small copy costs less than two more buffers in a system call. */
const COPY_BYTES = 4_096;
const NOTHING = Buffer.alloc(0);
const CRLF = Buffer.from('\r\n');
/** The head of a chunk, with leading zeros, so that its place can be left free before the size is known. */
const CHUNK_HEAD = Buffer.from('000000\r\n');
const HEAD_DIGITS = 6;
const MOST_IN_HEAD = 0xffffff;
const HEX = Buffer.from('0123456789abcdef');

/**
 * The body of a response of HTTP/1. Chunks are framed here and written to the socket as one: `ServerResponse.write` makes four writes of each, which is a third of what a
 * small message costs. Where the response has no socket yet (pipelining) or no chunks (HTTP/1.0) it does the writing.
 */
export class ChunkedBody implements ResponseSink {
  readonly #response: ServerResponse;
  readonly #socket: Socket | undefined;
  /** Rings when there is room, or the client has left. */
  readonly #room = new Bell();
  #closed = false;
  /** Only where the response writes. */
  #wakeOnDrain: (() => void) | undefined;
  /** The last bytes have been written: what waited for room until then must not follow them. */
  #isEnding = false;
  readonly #highWaterBytes: number;
  /** Writes to the socket that have not left this process. */
  #writes = 0;

  constructor(response: ServerResponse, highWaterBytes: number) {
    this.#response = response;
    this.#highWaterBytes = highWaterBytes;
    // From here on nothing of the head is held back in the response.
    response.flushHeaders();
    if (
      response.chunkedEncoding &&
      response.socket !== null &&
      response.writableLength === response.socket.writableLength
    ) {
      this.#socket = response.socket;
    }
    // On a socket every write says when it has left.
    if (this.#socket === undefined) {
      const wake = () => this.#wake();
      this.#wakeOnDrain = wake;
      response.on('drain', wake);
    }
    response.on('close', this.#close);
    // A write that meets a vanished client fails here; `close` follows and says all that matters.
    response.on('error', ignore);
  }

  get closed(): boolean {
    return this.#closed || this.#isEnding || this.#response.destroyed;
  }

  get full(): boolean {
    return this.#room.isAwaited;
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.closed || bytes.length === 0) return undefined;
    if (this.#socket !== undefined) return this.#writeChunk(this.#socket, bytes);
    return this.#response.write(bytes) ? undefined : this.#room.wait();
  }

  begin(out: ByteWriter): void {
    if (this.#socket !== undefined) out.bytes(CHUNK_HEAD);
  }

  send(out: ByteWriter): Promise<void> | undefined {
    const socket = this.#socket;
    if (socket === undefined) return this.write(out.take());
    const bytes = out.length - CHUNK_HEAD.length;
    if (this.closed || bytes === 0) {
      out.clear();
      return undefined;
    }
    if (bytes > MOST_IN_HEAD) return this.write(out.take().subarray(CHUNK_HEAD.length));
    this.#frame(out, bytes);
    this.#writes += 1;
    out.handTo((chunk, onLeft) => socket.write(chunk, onLeft), this.#onLeft);
    return this.#roomOf(socket);
  }

  get sealing(): string | undefined {
    return this.#socket === undefined ? undefined : 'chunk';
  }

  seal(out: ByteWriter): Buffer {
    const bytes = out.length - CHUNK_HEAD.length;
    if (bytes > MOST_IN_HEAD) {
      const content = out.take().subarray(CHUNK_HEAD.length);
      return Buffer.concat([Buffer.from(`${bytes.toString(16)}\r\n`), content, CRLF]);
    }
    this.#frame(out, bytes);
    return out.take();
  }

  sendSealed(chunk: Buffer): Promise<void> | undefined {
    const socket = this.#socket;
    // Whether the response is gone is not looked at: its socket takes nothing then, and this is done for thousands at once.
    if (this.#closed || this.#isEnding || socket === undefined) return undefined;
    socket.write(chunk);
    // Thousands of readers get it, and most have it by now: to be told so costs as much as all else. Only where it waits, something behind it says when it has left.
    if (socket.writableLength <= this.#highWaterBytes) return undefined;
    this.#writes += 1;
    socket.write(NOTHING, this.#onLeft);
    return this.#room.wait();
  }

  /** Around the bytes that lie behind the place of the head. */
  #frame(out: ByteWriter, bytes: number): void {
    out.bytes(CRLF);
    for (let at = HEAD_DIGITS - 1, rest = bytes; at >= 0; at--, rest >>>= 4) {
      out.buffer[at] = HEX[rest & 15] as number;
    }
  }

  /** Source: RFC 9112 section 7.1. */
  #writeChunk(socket: Socket, bytes: Uint8Array): Promise<void> | undefined {
    const size = `${bytes.length.toString(16)}\r\n`;
    this.#writes += 1;
    if (bytes.length <= COPY_BYTES) {
      const chunk = Buffer.allocUnsafe(size.length + bytes.length + CRLF.length);
      chunk.write(size, 0, 'latin1');
      chunk.set(bytes, size.length);
      chunk.set(CRLF, size.length + bytes.length);
      socket.write(chunk, this.#onLeft);
    } else {
      socket.cork();
      socket.write(size, 'latin1');
      socket.write(bytes);
      socket.write(CRLF, this.#onLeft);
      socket.uncork();
    }
    return this.#roomOf(socket);
  }

  /** What the socket says itself is about all that was written in this turn, whether it has left already or not. */
  #roomOf(socket: Socket): Promise<void> | undefined {
    return this.#writes > 0 && socket.writableLength > this.#highWaterBytes ? this.#room.wait() : undefined;
  }

  /** Also called when the client is gone, once nobody looks at the bytes any more. */
  readonly #onLeft = (): void => {
    this.#writes -= 1;
    if (this.#writes === 0) this.#wake();
  };

  async end(bytes?: Uint8Array | string): Promise<void> {
    if (this.closed) return;
    this.#isEnding = true;
    const over = createDeferred();
    this.#response.once('close', () => over.resolve());
    this.#response.end(bytes ?? '', () => over.resolve());
    await over.promise;
  }

  /**
   * What was written is flushed, the last chunk is never sent, and the socket is closed with a FIN. What the client still sends is read and dropped for
   * a moment, because a socket closed over unread bytes sends a reset, and a reset takes the flushed bytes with it. Where there are no
   * chunks (HTTP/1.0) a FIN would say that the body is whole: there it is a reset, as soon as the client has what was written.
   */
  async break(bytes?: Uint8Array | string): Promise<void> {
    const { socket } = this.#response;
    if (this.closed || socket === null) return;
    this.#isEnding = true;
    const gone = createDeferred();
    this.#response.once('close', () => gone.resolve());
    const openEnded = isOpenEnded(socket);
    // A FIN waits for what has been written, a reset does not.
    if (bytes !== undefined || openEnded) {
      const flushed = createDeferred();
      this.#response.write(bytes ?? '', () => flushed.resolve());
      await Promise.race([flushed.promise, gone.promise]);
    }
    if (openEnded) return await resetWhenTaken(socket, LINGER_MS);
    socket.end();
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    await gone.promise;
    clearTimeout(timer);
  }

  #wake(): void {
    this.#room.ring();
  }

  readonly #close = () => {
    this.#closed = true;
    if (this.#wakeOnDrain !== undefined) this.#response.off('drain', this.#wakeOnDrain);
    this.#response.off('close', this.#close);
    this.#wake();
  };
}

function ignore(): void {}
