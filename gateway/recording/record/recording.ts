import { Alarm } from '../../async/index.js';
import type { Method, RecordingRule } from '../../schema/index.js';
import { type Metadata, RpcError, type Status } from '../../status/index.js';
import type { Batch, Call, Taker } from '../../upstream/index.js';
import type { Journal } from './journal.js';
import type { LevelMember, LevelReader } from './level-group.js';
import { FOLLOWED_MS } from './other-gateways.js';
import { ReaderFloor } from './reader-floor.js';
import { ReaderSet } from './reader-set.js';
import { ReadersToken } from './readers-token.js';
import { GONE, readerStalled, recordingFull, tooOld, tooSilent } from './recording-ends.js';
import type { RecordingOptions } from './recording-options.js';
import type { RecordingReader } from './recording-reader.js';
import { RoomWait } from './room-wait.js';
import { SilenceLimit } from './silence-limit.js';
import { Snapshot } from './snapshot.js';

/**
 * One call to the service that writes a journal, and readers that follow it.
 *
 *     running -----------> ended -----------> dropped
 *        |  status, stop     |   max age         |
 *        +-------------------+-- nobody, linger is over; memory is needed
 */
export class Recording {
  readonly method: Method;
  readonly rule: RecordingRule;
  readonly key: string;
  readonly principal: string;
  readonly journal: Journal;
  readonly snapshot: Snapshot | undefined;
  /** The initial metadata of the service. */
  readonly headers: Promise<Metadata | undefined>;
  /** By what the service knows whose it is. */
  tokens = new ReadersToken();
  /** Set once it outlives its clients: where it is found. */
  location: string | undefined;
  /** A cursor of the service, behind which its call was begun. */
  begunBehind: string | undefined;
  state: 'running' | 'ended' | 'dropped' = 'running';
  readonly #options: RecordingOptions;
  readonly #call: Call;
  readonly #readers: ReaderSet;
  /** Ends the linger, the age of a detached call, or the journal. */
  readonly #alarm = new Alarm({ onAlarm: () => this.#onAlarm() });
  /** Looks for messages that have become too old. */
  readonly #ageAlarm = new Alarm({ onAlarm: () => this.#onAge() });
  #detachedUntil: number | undefined;
  #silence: SilenceLimit | undefined;
  #failure: Status | undefined;
  /** When it has ended and may be forgotten. */
  #keptUntil = 0;
  readonly #floor: ReaderFloor | undefined;
  readonly #full: RoomWait;

  constructor(options: RecordingOptions) {
    const { method, rule, journal } = options;
    this.#options = options;
    this.method = method;
    this.rule = rule;
    this.key = options.key;
    this.principal = options.principal;
    this.journal = journal;
    this.#readers = new ReaderSet(journal);
    this.#full = new RoomWait(options);
    this.snapshot = rule.key === undefined ? undefined : new Snapshot(rule.key, journal);
    if (rule.whenFull === 'pause') this.#floor = new ReaderFloor(journal, this.#readers.all);
    this.#call = options.openCall();
    this.headers = this.#call.headers;
    // Who asked for it may have left while other gateways were asked.
    this.#alarm.set(this.#unreadMs);
    this.#ageAlarm.set(this.#agePeriodMs);
    void this.#run();
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** A reader is here, or has been as lately as the call goes on without one; or it goes on anyway. */
  get isWanted(): boolean {
    return this.isDetached || this.#readers.absentMs < this.rule.lingerMs;
  }

  /** The call goes on without readers until it ends, is stopped, or is too old. Doing so again changes nothing. `ageMs`: it has done so elsewhere. */
  detach(ageMs = 0): void {
    if (this.state !== 'running' || this.#detachedUntil !== undefined) return;
    const leftMs = Math.max(0, this.rule.detachMaxAgeMs - ageMs);
    this.#detachedUntil = performance.now() + leftMs;
    this.#alarm.set(leftMs);
    // What answers with one message says nothing before it.
    if (this.method.responseStream)
      this.#silence = new SilenceLimit(
        this.rule.detachMaxSilenceMs,
        () => this.#full.isWaiting || this.#options.others?.isHeard() === false,
        () => this.stop(tooSilent(this.rule)),
      );
  }

  get isDetached(): boolean {
    return this.#detachedUntil !== undefined;
  }

  write(batch: Parameters<Call['write']>[0]): ReturnType<Call['write']> {
    return this.#call.write(batch);
  }

  halfClose(): void {
    this.#call.halfClose();
  }

  /** Ends the call, which is told to all readers; what was written down stays as long as after any end. Nothing happens when it is over. */
  stop(status: Status): void {
    if (this.state !== 'running') return;
    if (this.#isFollowed) {
      this.#options.others?.stop(status);
      return;
    }
    this.#failure ??= status;
    this.#call.cancel();
    this.#full.end();
  }

  /** A reader follows it from now on, after the message of this number. It must leave. */
  add(reader: RecordingReader, after: number): void {
    this.#readers.add(reader);
    if (this.state === 'running' && !this.isDetached) this.#alarm.clear();
    this.#floor?.add(after);
    this.onMoved();
  }

  /** Another gateway leads it. */
  get #isFollowed(): boolean {
    return this.#options.others?.leads() === false;
  }

  get #unreadMs(): number {
    const { lingerMs } = this.rule;
    return this.#isFollowed ? Math.max(lingerMs, FOLLOWED_MS) : lingerMs;
  }

  /** It follows no more. */
  leave(reader: RecordingReader): void {
    if (!this.#readers.leave(reader)) return;
    this.onMoved();
    if (this.#readers.size > 0) return;
    // Reading does not keep it.
    if (this.state === 'ended') this.#alarm.set(Math.max(0, this.#keptUntil - performance.now()));
    else if (this.state === 'running' && !this.isDetached) this.#alarm.set(this.#unreadMs);
  }

  /** `reader.wake` is called when there is more, or the end. */
  wait(reader: RecordingReader): void {
    this.#readers.waiting.wait(reader);
  }

  /** A reader has everything, and its `taker` takes what comes while others take the same: until `readOn` is called. `undefined`: it is to wait. */
  waitLevel(reader: LevelReader, taker: Taker): LevelMember | undefined {
    const isShared = this.state === 'running' && this.#readers.size > 1;
    return isShared ? this.#readers.waiting.join(reader, taker) : undefined;
  }

  /** A reader has read on. */
  onMoved(): void {
    if (this.#full.isWaiting) this.#full.end();
    if (this.#floor !== undefined && this.#isFollowed) this.#options.others?.moved(this.#floor.least);
  }

  /** Gives everything up: readers are told, where there are some, that what they have not read is gone. */
  drop(): void {
    if (this.state === 'dropped') return;
    const wasRunning = this.state === 'running';
    this.state = 'dropped';
    this.#alarm.clear();
    this.#silence?.close();
    this.#ageAlarm.clear();
    if (wasRunning) this.#call.cancel();
    this.journal.close();
    // For the readers here: to other gateways it is gone, and not over.
    void this.journal.finish(this.#failure ?? GONE);
    this.#full.end();
    this.#options.onChanged();
    this.#readers.waiting.close();
  }

  async #run(): Promise<void> {
    const call = this.#call;
    try {
      for (let batch = await call.read(); batch !== undefined; batch = await call.read()) {
        try {
          this.journal.evictAged();
          this.#silence?.heard();
          const written = this.#write(batch);
          if (written !== undefined) {
            await written;
            this.#silence?.heard();
          }
        } finally {
          // The journal has copied them, and there may be no further read that would give their memory back.
          batch.release();
        }
        if (this.#failure !== undefined || this.state !== 'running') break;
      }
    } catch (reason) {
      this.#failure ??= RpcError.from(reason).toStatus();
    }
    call.cancel();
    const status = this.#failure ?? (await call.status);
    if (this.state !== 'running') return;
    this.state = 'ended';
    this.#detachedUntil = undefined;
    this.#silence?.close();
    this.#keptUntil = performance.now() + this.rule.maxAgeMs;
    this.#alarm.set(this.rule.maxAgeMs);
    const told = this.journal.finish(status);
    if (told instanceof Promise) await told;
    this.#options.onChanged();
    this.#readers.waiting.wakeAll();
  }

  /** Without a promise where the journal takes all of it at once. */
  #write(batch: Batch): Promise<void> | undefined {
    const from = batch.at;
    const taken = this.journal.append(batch);
    if (taken instanceof Promise) return this.#writeOn(batch, from, taken);
    this.#written(batch, from);
    return taken ? undefined : this.#writeOn(batch, batch.at, taken);
  }

  async #writeOn(batch: Batch, from: number, first: boolean | Promise<boolean>): Promise<void> {
    let taken = await first;
    this.#written(batch, from);
    for (let at = batch.at; !taken; at = batch.at) {
      if (!this.#makesRoom()) await this.#room();
      if (this.state !== 'running' || this.#failure !== undefined) break;
      taken = await this.journal.append(batch);
      this.#written(batch, at);
    }
  }

  #written(batch: Batch, from: number): void {
    if (batch.at === from) return;
    this.snapshot?.note(batch, from);
    this.#readers.waiting.give();
    this.onMoved();
  }

  /** Something may go that had to stay. */
  #makesRoom(): boolean {
    if (this.#floor === undefined) return false;
    if (this.#floor.move()) return true;
    // The service waits for the readers of who leads; here are none to wait for.
    if (this.#readers.size > 0 || !this.#isFollowed) return false;
    this.#floor.unpin();
    return true;
  }

  /** Waits until a reader moves or memory is given up, and then ends what has kept everything waiting for too long. */
  async #room(): Promise<void> {
    const { maxPauseMs } = this.#options;
    if ((await this.#full.room()) || this.state !== 'running' || this.#failure !== undefined) return;
    const slowest = this.#floor?.slowest ?? [];
    if (slowest.length > 0) for (const reader of slowest) reader.fail(readerStalled(maxPauseMs));
    else this.stop(recordingFull(maxPauseMs));
  }

  #onAlarm(): void {
    if (this.state === 'running' && this.isDetached) this.stop(tooOld(this.rule));
    else if (this.#readers.size === 0) {
      const { others } = this.#options;
      if (this.state === 'running' && others?.leads()) void this.#dropUnwanted(others);
      else this.drop();
    }
  }

  async #dropUnwanted(others: NonNullable<RecordingOptions['others']>): Promise<void> {
    const isWanted = await others.isWanted();
    if (this.#readers.size > 0 || this.state !== 'running' || this.isDetached) return;
    if (isWanted === 'detached') this.detach();
    else if (isWanted) this.#alarm.set(this.rule.lingerMs);
    else this.drop();
  }

  get #agePeriodMs(): number {
    return Math.max(1_000, Math.floor(this.rule.maxAgeMs / 8));
  }

  #onAge(): void {
    this.evictAged();
    this.#ageAlarm.set(this.#agePeriodMs);
  }

  /** Evicts what is too old for whoever comes. What a reader waits for with `pause` stays. */
  evictAged(): void {
    this.#floor?.unpin();
    this.journal.evictAged();
    this.#floor?.pin();
  }
}
