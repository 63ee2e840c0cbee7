import { type Alarm, Bell, Outcome } from '../../async/index.js';
import { type Metadata, RpcError, type Status } from '../../status/index.js';
import {
  Batch,
  type Call,
  type CallStart,
  type CancelSignal,
  type Gap,
  LATER,
  type Later,
  readNext,
  type SendBatch,
  type Taker,
  type Waker,
} from '../../upstream/index.js';
import { mayBeAsked } from './asked-call.js';
import type { Beginning } from './beginning.js';
import { alarmAt } from './deadline-alarm.js';
import type { JournalBatch, JournalCursor } from './journal.js';
import type { LevelMember, LevelReader } from './level-group.js';
import type { ReaderOptions } from './reader-options.js';
import type { Recording } from './recording.js';
import { inRow } from './snapshot.js';

/**
 * A client's part in a recording, as a call: it is read from the journal, and leaving it leaves the recording. What comes before it follows one is kept, because
 * a call for the same may be there already.
 */
export class Reader implements Call, LevelReader {
  readonly #signal: CancelSignal;
  readonly #onGap: ReaderOptions<Reader>['onGap'];
  /** Until it has been called: all of the request hangs on it. */
  #attach: ReaderOptions<Reader>['attach'] | undefined;
  readonly #attachAgain: ReaderOptions<Reader>['attachAgain'];
  readonly #headers = new Outcome<Metadata | undefined>();
  readonly #start = new Outcome<CallStart | undefined>();
  readonly #status = new Outcome<Status>();
  readonly headers = this.#headers.promise;
  readonly start = this.#start.promise;
  readonly status = this.#status.promise;
  readonly #alarm: Alarm | undefined;
  #messages: Uint8Array[] = [];
  #recording: Recording | undefined;
  #cursor: JournalCursor | undefined;
  /** It opened the call, and sends what the client sends. */
  #isWriter = false;
  #hasHeaders = false;
  #hasClosed = false;
  /** Rings when it is known which recording it follows, or that it follows none. */
  readonly #known = new Bell();
  #after = 0;
  #snapshot: number[] = [];
  #gap: Gap | undefined;
  #isOver = false;
  /** It has followed another recording before. */
  #isAgain = false;
  /** Who waits for the next messages. */
  #waker: Waker | undefined;
  /** While it is given what comes, together with others. */
  #member: LevelMember | undefined;

  constructor({ signal, deadline, onGap, attach, attachAgain }: ReaderOptions<Reader>) {
    this.#signal = signal;
    this.#onGap = onGap;
    this.#attach = attach;
    this.#attachAgain = attachAgain;
    if (deadline !== undefined) this.#alarm = alarmAt(deadline, (passed) => this.fail(passed));
    signal.addEventListener('abort', this.#onAbort);
    if (signal.aborted) this.cancel();
  }

  /** The number of the last message that it was handed. */
  get position(): number {
    return this.#member?.position ?? this.#after;
  }

  get recording(): Recording | undefined {
    return this.#recording;
  }

  /** Follows a recording from there on; `isWriter`: it opened it. Once. */
  follow(
    recording: Recording,
    { after, requested, snapshot = [], lastEventId }: Beginning,
    isWriter: boolean,
  ): void {
    if (this.#isOver) return;
    this.#recording = recording;
    this.#isWriter = isWriter;
    if (this.#attachAgain === undefined) this.#messages = [];
    this.#after = after;
    this.#snapshot = snapshot;
    recording.add(this, snapshot.length > 0 ? 0 : after);
    this.#cursor = recording.journal.openCursor();
    const known = snapshot.length > 0 ? undefined : (lastEventId ?? this.#idOf(after));
    const gap = requested === undefined ? undefined : { requested, resumed: this.#idOf(after) };
    if (gap !== undefined) this.#onGap(recording.method);
    // The client has begun to read long ago.
    if (this.#isAgain) this.#gap = gap;
    this.#known.ring();
    const { location } = recording;
    this.#start.resolve({ lastEventId: known, ...(location && { location }), ...(gap && { gap }) });
    void recording.headers.then((headers) => {
      this.#headers.resolve(headers);
      this.#hasHeaders = true;
      this.wake();
    });
  }

  read(): Promise<Batch | undefined> {
    return readNext(this);
  }

  next(waker: Waker, taker?: Taker): Batch | undefined | Later | Promise<Batch | undefined> {
    const next = this.#next();
    const recording = this.#recording;
    if (next === LATER) {
      this.#waker = waker;
      if (recording !== undefined && this.#hasHeaders) this.#wait(recording, taker);
    }
    return next;
  }

  /** For the recording: there is more, or the end. */
  wake(room?: Promise<void>): void {
    const waker = this.#waker;
    this.#waker = undefined;
    waker?.wake(room);
  }

  readOn(after: number, room: Promise<void> | undefined): void {
    this.#member = undefined;
    this.#after = after;
    this.wake(room);
  }

  settle(): void {
    this.#member?.settle();
  }

  write(batch: SendBatch): Promise<boolean> | boolean {
    if (this.#isOver) return false;
    if (this.#recording !== undefined) {
      if (this.#isWriter) return this.#recording.write(batch);
      this.fail(new RpcError('UNEXPECTED_MESSAGE', 'who joins a call sends no messages'));
      return false;
    }
    // What a call is made for that streams its requests goes to the service and is kept nowhere.
    if (this.#attach === undefined && !this.#hasClosed)
      return this.#known.wait().then(() => this.write(batch));
    // Their memory may be given back.
    for (const message of batch)
      this.#messages.push(message instanceof Uint8Array ? Uint8Array.from(message) : Buffer.concat(message));
    return true;
  }

  halfClose(): void {
    if (this.#isOver || this.#hasClosed) return;
    this.#hasClosed = true;
    const attach = this.#attach;
    this.#attach = undefined;
    if (this.#recording !== undefined) {
      if (this.#isWriter) this.#recording.halfClose();
    } else if (attach !== undefined) attach(this, this.#messages);
    else void this.#known.wait().then(() => this.#isWriter && this.#recording?.halfClose());
  }

  /** Leaves the recording, which goes on. */
  cancel(): void {
    this.#end(LEFT);
  }

  stop(): void {
    if (this.#isWriter) this.#recording?.stop(LEFT);
  }

  /** The same, and the client is told why. */
  fail(reason: RpcError): void {
    this.#end(reason.toStatus());
  }

  readonly #onAbort = (): void => this.cancel();

  #next(): Batch | undefined | Later | Promise<Batch | undefined> {
    if (this.#isOver) return undefined;
    const cursor = this.#cursor;
    if (cursor === undefined || !this.#hasHeaders) return LATER;
    const [first] = this.#snapshot;
    const read =
      first === undefined ? cursor.read(this.#after) : cursor.read(first - 1, inRow(this.#snapshot));
    if (!(read instanceof Promise)) return this.#handed(read);
    return read.then((batch) => {
      const next = this.#handed(batch);
      return next === LATER ? this.read() : next;
    });
  }

  #wait(recording: Recording, taker: Taker | undefined): void {
    const isLevel =
      this.#after === recording.journal.lastSeq && this.#snapshot.length === 0 && this.#gap === undefined;
    if (taker !== undefined && isLevel) this.#member = recording.waitLevel(this, taker);
    if (this.#member === undefined) recording.wait(this);
  }

  #handed(batch: JournalBatch | undefined): Batch | undefined | Later {
    const recording = this.#recording as Recording;
    const { journal, method } = recording;
    if (this.#isOver) {
      batch?.release();
      return undefined;
    }
    if (batch === undefined) {
      if (journal.firstSeq > this.#after + 1) this.#miss(journal.firstSeq);
      if (journal.ended === undefined || this.#after < journal.lastSeq) return LATER;
      const gap = this.#takeGap();
      if (gap !== undefined) return Batch.ofGap(gap);
      if (this.#asksAgain(recording, journal.ended)) return LATER;
      this.#end(journal.ended);
      return undefined;
    }
    const first = batch.firstSeq;
    const [wanted] = this.#snapshot;
    if (wanted === undefined) {
      if (first > this.#after + 1) this.#miss(first);
      this.#after = first + batch.count - 1;
    } else if (first === wanted) this.#snapshot.splice(0, batch.count);
    else {
      // What it was to begin with is gone: it goes on with all that is kept.
      this.#snapshot = [];
      this.#after = wanted - 1;
      return this.#handed(batch);
    }
    batch.gap = this.#takeGap();
    // A lone one would make copies for nobody.
    batch.shared = recording.readers > 1 ? batch.forms?.() : undefined;
    if (method.resume === undefined) batch.ids = batch;
    recording.onMoved();
    return batch;
  }

  /** Goes on in another call, where the gateway of this one is gone and the call is one that may be made again. */
  #asksAgain(recording: Recording, { reason }: Status): boolean {
    const attachAgain = this.#attachAgain;
    if (reason !== 'LEADER_LOST' || attachAgain === undefined || this.#messages.length === 0) return false;
    if (!mayBeAsked(recording)) return false;
    this.#cursor?.close();
    this.#cursor = undefined;
    recording.leave(this);
    this.#recording = undefined;
    this.#isAgain = true;
    attachAgain(this, this.#messages, { recording, seq: this.#after });
    return true;
  }

  /** All before the message of this number is gone. */
  #miss(first: number): void {
    const requested = this.#gap?.requested ?? this.#idOf(this.#after);
    this.#after = first - 1;
    if (this.#gap === undefined) this.#onGap((this.#recording as Recording).method);
    this.#gap = { requested, resumed: this.#idOf(this.#after) };
  }

  #takeGap(): Gap | undefined {
    const gap = this.#gap;
    this.#gap = undefined;
    return gap;
  }

  #idOf(seq: number): string {
    return `~${this.#recording?.journal.epoch}.${seq}`;
  }

  #end(status: Status): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#alarm?.clear();
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#messages = [];
    this.#after = this.position;
    this.#member?.end();
    this.#member = undefined;
    this.#cursor?.close();
    const recording = this.#recording;
    // Its half of the call ends with it, for those who go on reading.
    if (this.#isWriter && recording?.isDetached) recording.halfClose();
    recording?.leave(this);
    this.#known.ring();
    this.#headers.resolve(undefined);
    this.#start.resolve(undefined);
    this.#status.resolve(status);
    this.wake();
  }
}

const LEFT = new RpcError('CANCELLED', 'the call was cancelled').toStatus();
