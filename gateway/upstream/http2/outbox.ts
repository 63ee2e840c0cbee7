import type { ClientHttp2Stream } from 'node:http2';
import type { Batch } from '../transport.js';
import { frameBatch } from './framing.js';

/**
 * What is kept of the requests until the service has answered, so that a call which the peer never looked at can
 * be sent again. A call that has sent more is not repeated.
 */
const replayBytes = 64 * 1024;

const yes = Promise.resolve(true);
const no = Promise.resolve(false);

/**
 * The requests of one call on their way to a stream, which comes later and may be replaced once. Holds at most one
 * batch beyond what Node has taken: `write` says when there is room.
 */
export class Outbox {
  #stream: ClientHttp2Stream | undefined;
  #replay: Buffer[] | undefined = [];
  #replayBytes = 0;
  #halfClosed = false;
  #ended = false;
  #resolveWrite: ((room: boolean) => void) | undefined;
  readonly #onDrain = (): void => this.#settle(true);

  /** Whether everything written so far can be sent again. */
  get canReplay(): boolean {
    return this.#replay !== undefined && !this.#ended;
  }

  /** Sends what has been written, now and from now on, to this stream. */
  attach(stream: ClientHttp2Stream): void {
    this.#stream = stream;
    stream.on('drain', this.#onDrain);
    // Comes after `end`, ours or the one that Node makes of `close`; empty trailers are an empty DATA frame with END_STREAM.
    stream.on('wantTrailers', () => {
      if (!stream.closed && !stream.destroyed) stream.sendTrailers({});
    });
    // Nothing was let go before a stream was there, so the replay holds everything.
    const room = this.#send(this.#replay ?? []);
    this.#forgetLarge();
    if (this.#halfClosed) stream.end();
    if (room) this.#settle(true);
  }

  /** The stream was refused; the next one gets everything. */
  detach(): void {
    this.#stream?.removeListener('drain', this.#onDrain);
    this.#stream = undefined;
  }

  /** The service has answered: nothing will be sent again. */
  commit(): void {
    this.#replay = undefined;
  }

  write(batch: Batch): Promise<boolean> {
    if (this.#ended || this.#halfClosed) return no;
    const buffers = frameBatch(batch);
    if (this.#replay) {
      this.#replay.push(...buffers);
      for (const buffer of buffers) this.#replayBytes += buffer.length;
    }
    if (this.#stream) {
      const room = this.#send(buffers);
      this.#forgetLarge();
      if (room) return yes;
    }
    return new Promise((resolve) => {
      this.#resolveWrite = resolve;
    });
  }

  halfClose(): void {
    if (this.#ended || this.#halfClosed) return;
    this.#halfClosed = true;
    this.#stream?.end();
  }

  /** The call is over for writing: whoever waits is told. */
  end(): void {
    this.#ended = true;
    this.#replay = undefined;
    this.detach();
    this.#settle(false);
  }

  #send(buffers: readonly Buffer[]): boolean {
    const stream = this.#stream;
    if (!stream || stream.destroyed || stream.writableEnded) return false;
    if (buffers.length > 1) stream.cork();
    for (const buffer of buffers) stream.write(buffer);
    if (buffers.length > 1) stream.uncork();
    return !stream.writableNeedDrain;
  }

  #forgetLarge(): void {
    if (this.#replayBytes > replayBytes) this.#replay = undefined;
  }

  #settle(room: boolean): void {
    const resolve = this.#resolveWrite;
    this.#resolveWrite = undefined;
    resolve?.(room);
  }
}
