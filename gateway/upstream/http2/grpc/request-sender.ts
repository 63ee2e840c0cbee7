import { Bell } from '../../../async/index.js';
import { giveBackWhole, memory } from '../../../memory/index.js';
import type { SendBatch } from '../../transport.js';
import type { ClientStream } from '../h2/index.js';
import { frameBatch, writePrefix } from './framing.js';
import { PREFIX_BYTES } from './prefix.js';

/**
 * What is kept of the requests until the service has answered, so that a call which the peer never looked at can
 * be sent again. A call that has sent more is not repeated.
 */
const REPLAY_BYTES = 64 * 1024;

/** Where prefixes are written that are copied at once. */
const PREFIX = Buffer.alloc(PREFIX_BYTES);

/**
 * The requests of one call on their way to a stream, which comes later and may be replaced once. Holds at most one
 * batch beyond what the stream has taken: `write` says when there is room.
 */
export class RequestSender {
  #state: 'open' | 'half-closed' | 'ended' = 'open';
  #stream: ClientStream | undefined;
  #replay: Buffer[] | undefined = [];
  #replayBytes = 0;
  /** Rings for the `write` that waits: whether there is room. */
  readonly #room = new Bell<boolean>();

  /** Whether everything written so far can be sent again. */
  get canReplay(): boolean {
    return this.#replay !== undefined;
  }

  /** Sends what has been written, now and from now on, to this stream. Its `onRoom` must be passed on to ours. */
  attach(stream: ClientStream): void {
    this.#stream = stream;
    // Nothing was let go before a stream was there, so the replay holds everything.
    const room = this.#send(this.#replay ?? [], false);
    this.#forgetLarge();
    if (this.#state === 'half-closed') stream.end();
    if (room) this.#room.ring(true);
  }

  /** The stream was refused; the next one gets everything. */
  detach(): void {
    this.#stream = undefined;
  }

  /** The stream takes more. */
  onRoom(): void {
    this.#room.ring(true);
  }

  /** The service has answered: nothing will be sent again. */
  commit(): void {
    this.#replay = undefined;
  }

  /** See `Call.write`. */
  write(batch: SendBatch): Promise<boolean> | boolean {
    if (this.#state !== 'open') return false;
    if (this.#replay === undefined && this.#stream !== undefined && memory.isCrowded)
      return this.#copy(batch, this.#stream) || this.#room.wait();
    const buffers = frameBatch(batch);
    if (this.#replay) {
      for (const buffer of buffers) {
        this.#replay.push(buffer);
        this.#replayBytes += buffer.length;
      }
    }
    if (this.#stream) {
      const room = this.#send(buffers, this.#replay === undefined);
      this.#forgetLarge();
      if (room) return true;
    }
    return this.#room.wait();
  }

  /** See `Call.halfClose`. */
  halfClose(): void {
    if (this.#state !== 'open') return;
    this.#state = 'half-closed';
    this.#stream?.end();
  }

  /** The call is over for writing: a `write` that waits is told. */
  end(): void {
    this.#state = 'ended';
    this.commit();
    this.detach();
    this.#room.ring(false);
  }

  /** `isGiven`: see `ClientStream.write`. */
  #send(buffers: readonly Buffer[], isGiven: boolean): boolean {
    const stream = this.#stream;
    if (!stream || stream.isClosed) return false;
    let room = true;
    for (const buffer of buffers) room = stream.write(buffer, isGiven);
    return room;
  }

  /** Where many wait: what waits is copied into pages, and the memory in which it came is given back. */
  #copy(batch: SendBatch, stream: ClientStream): boolean {
    let room = false;
    for (const message of batch) {
      const pieces = message instanceof Uint8Array ? [message] : message;
      let bytes = 0;
      for (const piece of pieces) bytes += piece.length;
      writePrefix(PREFIX, 0, bytes);
      room = stream.copy(PREFIX);
      for (const piece of pieces) {
        room = stream.copy(piece);
        giveBackWhole(piece);
      }
    }
    return room;
  }

  #forgetLarge(): void {
    if (this.#replayBytes > REPLAY_BYTES) this.#replay = undefined;
  }
}
