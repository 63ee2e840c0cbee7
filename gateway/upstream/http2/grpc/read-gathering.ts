import { Alarm, type Sleeper } from '../../../async/index.js';
import type { MessageReader } from './message-reader.js';

/** How long the first of several messages is to wait for the others at most, in milliseconds, while they come as fast as they do. */
const DELAY_MS = 0.2;
/** When it has waited so long, a stream has paused: what it has brought goes on, and its next message at once. Timers count no less. */
const PAUSE_MS = 1;
/** Messages that are held until they are handed over at once, at most: by then the rest of the way costs each of them little. */
const MOST_MESSAGES = 16;
/** More than this in one read, in bytes, has been gathered on its way. */
const SMALL_BYTES = 4 * 1024;
/** What waits, in bytes, before it goes on at once. It counts against the stream's window as all that is not read. */
const MOST_BYTES = 8 * 1024;
/** A read counts so much in the average of the gaps between messages. */
const WEIGHT = 1 / 8;
/** Messages that come faster than this, in milliseconds from one to the next, are not even read one by one: their connection rests. */
const REST_GAP_MS = 0.04;
/** A rest that has brought more than this, in bytes, could have been one that holds the service up. */
const MOST_RESTED_BYTES = 32 * 1024;

/** The part of a `MessageReader` that is needed. */
export type HeldReader = Pick<MessageReader, 'isHeld' | 'isAwaited' | 'keptBytes' | 'flush' | 'deliver'>;

/**
 * Hands the messages of several reads of the socket to their reader at once, where a service writes each message by itself, and fast: the way of a batch
 * costs several times what a message in it does. How many, follows from how fast they come: the first message waits for 0.2 ms at most, and where
 * no second one comes in that time, none waits. Who pauses ends the wait after a millisecond, and what comes after a pause is never held.
 *
 * From 25,000 a second on the reads cost too much as well. The connection then rests for a millisecond or two between them, for as long as what a rest
 * brings says that messages still come so fast, and are small.
 */
export class ReadGathering implements Sleeper {
  readonly #reader: HeldReader;
  readonly #rest: () => void;
  readonly #clock: () => number;
  readonly #alarm: Alarm;
  /** Between two messages, on average, in milliseconds. */
  #gapMs = PAUSE_MS;
  #lastAt = 0;
  /** Those that are held, in pieces, and when the first of them came. */
  #held = 0;
  #firstAt = 0;
  #isAfterRest = false;

  /** `rest` lets gather what arrives on the connection. `clock`, in milliseconds, and `alarmOf` are for tests. */
  constructor(
    reader: HeldReader,
    rest: () => void,
    clock: () => number = () => performance.now(),
    alarmOf: (sleeper: Sleeper) => Alarm = (sleeper) => new Alarm(sleeper),
  ) {
    this.#reader = reader;
    this.#rest = rest;
    this.#clock = clock;
    this.#alarm = alarmOf(this);
  }

  /** The end of a read that has brought so many bytes, in so many pieces, after they were pushed. */
  onReadEnd(bytes: number, pieces: number): void {
    const reader = this.#reader;
    this.#measure(bytes, pieces);
    const rests = this.#gapMs < REST_GAP_MS && reader.isAwaited;
    this.#isAfterRest = rests;
    if (rests) this.#rest();
    const wanted = rests ? 1 : Math.min(MOST_MESSAGES, Math.floor(DELAY_MS / this.#gapMs));
    reader.flush();
    if (wanted < 2 || !reader.isAwaited) {
      if (this.#held > 0 || reader.isHeld) this.#deliver();
      reader.isHeld = wanted >= 2;
      return;
    }
    if (!reader.isHeld) {
      reader.isHeld = true;
      return;
    }
    if (this.#held === 0) {
      this.#firstAt = this.#lastAt;
      this.#alarm.set(PAUSE_MS);
    }
    this.#held += pieces;
    const isDue = this.#held >= wanted || this.#lastAt - this.#firstAt >= DELAY_MS;
    if (isDue || reader.keptBytes >= MOST_BYTES) this.#deliver();
  }

  /** Nothing is held any more: the stream has ended. */
  end(): void {
    this.#deliver();
    this.#reader.isHeld = false;
  }

  onAlarm(): void {
    this.#gapMs = PAUSE_MS;
    this.end();
  }

  #deliver(): void {
    this.#held = 0;
    this.#alarm.clear();
    this.#reader.deliver();
  }

  #measure(bytes: number, pieces: number): void {
    const now = this.#clock();
    const gapMs = now - this.#lastAt;
    this.#lastAt = now;
    if (this.#isAfterRest) this.#gapMs = bytes > MOST_RESTED_BYTES ? PAUSE_MS : gapMs / pieces;
    else if (gapMs >= PAUSE_MS || bytes > SMALL_BYTES) this.#gapMs = PAUSE_MS;
    else this.#gapMs += (gapMs / pieces - this.#gapMs) * WEIGHT;
  }
}
