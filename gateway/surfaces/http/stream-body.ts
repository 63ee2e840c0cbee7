import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { Bell, createDeferred } from '../../async/index.js';
import type { ByteWriter } from '../../codec/index.js';
import { cutStream } from '../liveness/index.js';
import type { ResponseSink } from './response-sink.js';

/**
 * The body of a response of HTTP/2, as DATA frames of its stream. What waits for the client's window waits here, and no other stream of the connection
 * waits for it.
 */
export class StreamBody implements ResponseSink {
  readonly #response: ServerResponse;
  readonly #stream: ServerHttp2Stream;
  /** Rings when there is room, or the client has left. */
  readonly #room = new Bell();
  readonly #highWaterBytes: number;
  #isEnding = false;
  /** Writes that have not left this process. */
  #writes = 0;

  constructor(response: ServerResponse, stream: ServerHttp2Stream, highWaterBytes: number) {
    this.#response = response;
    this.#stream = stream;
    this.#highWaterBytes = highWaterBytes;
    response.flushHeaders();
    stream.on('close', this.#wake);
  }

  get closed(): boolean {
    return this.#isEnding || this.#stream.closed || this.#stream.destroyed;
  }

  get full(): boolean {
    return this.#room.isAwaited;
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.closed || bytes.length === 0) return undefined;
    this.#writes += 1;
    this.#stream.write(bytes, this.#onLeft);
    return this.#roomNow();
  }

  /** Nothing goes in front of a piece: Node writes the heads of frames. */
  begin(): void {}

  send(out: ByteWriter): Promise<void> | undefined {
    if (this.closed || out.length === 0) {
      out.clear();
      return undefined;
    }
    this.#writes += 1;
    const stream = this.#stream;
    out.handTo((bytes, onLeft) => stream.write(bytes, onLeft), this.#onLeft);
    return this.#roomNow();
  }

  readonly sealing = 'none';

  seal(out: ByteWriter): Buffer {
    return out.take();
  }

  sendSealed(bytes: Buffer): Promise<void> | undefined {
    return this.write(bytes);
  }

  async end(bytes: Uint8Array | string = '', trailers?: OutgoingHttpHeaders): Promise<void> {
    if (this.closed) return;
    this.#isEnding = true;
    const over = createDeferred();
    this.#stream.once('close', over.resolve);
    if (trailers !== undefined) this.#response.addTrailers(trailers);
    this.#response.end(bytes, over.resolve);
    await over.promise;
  }

  /** A reset after the last bytes, in place of the end. What the client still sends is of no more use. */
  async break(bytes: Uint8Array | string = ''): Promise<void> {
    if (this.closed) return;
    this.#isEnding = true;
    const flushed = createDeferred();
    this.#stream.once('close', flushed.resolve);
    // Writes leave in their order, so all of them have when this one has.
    this.#stream.write(bytes, () => flushed.resolve());
    await flushed.promise;
    cutStream(this.#stream);
  }

  #roomNow(): Promise<void> | undefined {
    return this.#stream.writableLength > this.#highWaterBytes ? this.#room.wait() : undefined;
  }

  /** Also called, with an error, when the client is gone. */
  readonly #onLeft = (): void => {
    this.#writes -= 1;
    if (this.#writes === 0) this.#wake();
  };

  readonly #wake = (): void => this.#room.ring();
}
