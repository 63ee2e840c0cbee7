import { createDeferred } from '../../async/index.js';
import { type Metadata, RpcError, type Status } from '../../status/index.js';
import type { Batch, Call } from '../../upstream/index.js';
import { AwaitedMessages, isBehind } from './awaited-messages.js';
import { packBatch, unpackBatch } from './packed-batch.js';
import type { SharedLog } from './shared-log.js';
import { decodeHead, decodeStatus, encodeHead, encodeStatus } from './shared-text.js';

/** The journal of this gateway, as a shared call fills it. */
export interface FilledJournal {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** The next messages came so long ago, in milliseconds. */
  ageMs: number;
  /** The next message has this number. */
  skipTo(seq: number): void;
}

/** What a shared call is made with. */
export interface SharedCallOptions {
  readonly log: SharedLog;
  readonly journal: FilledJournal;
  /** Resolves when it is known that this gateway leads; rejects when it cannot. Absent: another one does. */
  readonly lead?: Promise<void> | undefined;
  /** Opens the call of the service, of who leads. */
  readonly open: (() => Call) | undefined;
  /** The service has answered, or another gateway has told what it answered. */
  readonly onHead?: (text: string) => void;
  /** Another gateway leads now. */
  readonly onFollows: () => void;
}

/**
 * A call of the service that several gateways record, as a call. One leads: it reads from the service, appends what comes to the log, and hands it over
 * when NATS has it. The others hand over what they read from the log. So what any reader has seen outlives the gateway that it saw it on.
 *
 *     follows <--> leads --> over
 */
export class SharedCall implements Call {
  readonly #options: SharedCallOptions;
  readonly #headers = createDeferred<Metadata | undefined>();
  readonly #status = createDeferred<Status>();
  readonly #caughtUp = createDeferred<void>();
  #service: Call | undefined;
  #lead: Promise<void> | undefined;
  #hasHead = false;
  /** The service is not read: what NATS is to have first is on its way there. */
  isWriting = false;
  /** The end lies in the log. */
  #hasEnd = false;
  #isOver = false;
  /** The end is this gateway's to tell. */
  #wasLeading = false;
  readonly #awaited = new AwaitedMessages();
  /** Wants to lead: opens the call once all that is in the log has been read. */
  #takeOver: { open: () => Call | undefined; done: (leads: boolean) => void } | undefined;

  constructor(options: SharedCallOptions) {
    this.#options = options;
    this.#lead = options.lead;
    this.#service = options.open?.();
  }

  get headers(): Promise<Metadata | undefined> {
    return this.#headers.promise;
  }

  get status(): Promise<Status> {
    return this.#status.promise;
  }

  /** All that was in the log when it was opened has been handed over; where that was all, who follows it knows of its end. */
  get caughtUp(): Promise<void> {
    return this.#caughtUp.promise;
  }

  /**
   * Resolves when the message of this number is here, which a client may have seen at another gateway, or when no gateway has it. Rejects with UNAVAILABLE where it
   * is slow to come.
   */
  async reach(seq: number): Promise<void> {
    const { log, journal } = this.#options;
    const isThere = () => this.#isOver || journal.lastSeq >= seq;
    if (isThere() || (await log.newest()) < seq || isThere()) return;
    // Another one has taken over, as it seems.
    if (this.leads) throw isBehind();
    await this.#awaited.wait(seq);
  }

  /** Nothing is read or written here any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get leads(): boolean {
    return this.#service !== undefined;
  }

  /** What the service has answered, where that is known from elsewhere. */
  knowHead(text: string): void {
    this.#hasHead = true;
    this.#headers.resolve(decodeHead(text));
  }

  async read(): Promise<Batch | undefined> {
    for (;;) {
      this.#awaited.tell(this.#options.journal.lastSeq);
      if (this.#isOver) return undefined;
      const service = this.#service;
      const next = service === undefined ? await this.#follow() : await this.#leadOn(service);
      if (next !== 'again') return next;
    }
  }

  write(batch: Parameters<Call['write']>[0]): ReturnType<Call['write']> {
    return this.#service?.write(batch) ?? false;
  }

  halfClose(): void {
    this.#service?.halfClose();
  }

  cancel(): void {
    this.#end(CANCELLED);
  }

  /** Tells all gateways how it ended; resolves when NATS has that, or it cannot be told any more. Nothing happens where another one leads. */
  async finish(status: Status): Promise<void> {
    const { log, journal } = this.#options;
    if (!this.#hasEnd && this.#wasLeading) {
      this.#hasEnd = true;
      await log.write('end', journal.lastSeq, 0, encodeStatus(status));
    }
    this.#caughtUp.resolve();
    log.close();
  }

  /** Nothing is told to anybody any more. */
  giveUp(): void {
    this.#wasLeading = false;
    this.#options.log.close();
    this.#caughtUp.resolve();
    this.cancel();
  }

  /** Leads from now on, where nobody else has come first: then `open` opens the call, or says that it cannot be gone on with. */
  takeOver(open: () => Call | undefined): Promise<boolean> {
    return new Promise((done) => {
      if (this.#isOver || this.leads) {
        done(false);
        return;
      }
      this.#takeOver = { open, done };
      this.#options.log.wake();
    });
  }

  /** Another gateway leads, as it turned out. */
  loseLead(): void {
    if (this.#service !== undefined && !this.#isOver) this.#stepDown(this.#service);
  }

  /** The gateway that led is gone, and nobody goes on. */
  abandon(status: Status): void {
    if (!this.leads) this.#end(status);
  }

  async #leadOn(service: Call): Promise<Batch | undefined | 'again'> {
    const { log, journal } = this.#options;
    this.#caughtUp.resolve();
    if (this.#lead !== undefined) {
      try {
        await this.#written(this.#lead);
      } catch (reason) {
        service.cancel();
        this.#end(RpcError.from(reason).toStatus());
        return undefined;
      }
      this.#lead = undefined;
    }
    this.#wasLeading = true;
    if (!this.#hasHead) {
      const head = encodeHead(await service.headers);
      this.knowHead(head);
      this.#options.onHead?.(head);
      const isThere = await this.#written(log.write('head', journal.lastSeq, 0, Buffer.from(head)));
      if (!isThere) return this.#stepDown(service);
    }
    const batch = await service.read();
    if (this.#isOver || this.#service !== service) {
      batch?.release();
      return 'again';
    }
    if (batch === undefined) {
      this.#end(await service.status);
      return undefined;
    }
    const count = batch.limit - batch.at;
    const isThere =
      count === 0 ||
      (await this.#written(log.write('messages', journal.lastSeq + 1, count, packBatch(batch))));
    if (isThere) {
      journal.ageMs = 0;
      log.trim(journal.firstSeq);
      return batch;
    }
    batch.release();
    return this.#stepDown(service);
  }

  async #written<T>(writing: Promise<T>): Promise<T> {
    this.isWriting = true;
    try {
      return await writing;
    } finally {
      this.isWriting = false;
    }
  }

  /** Another gateway has taken over while this one could not be heard. */
  #stepDown(service: Call): 'again' {
    service.cancel();
    if (this.#service !== service) return 'again';
    this.#service = undefined;
    this.#wasLeading = false;
    if (!this.#isOver) this.#options.onFollows();
    return 'again';
  }

  async #follow(): Promise<Batch | undefined | 'again'> {
    const { log, journal } = this.#options;
    const entry = await log.read();
    if (this.#isOver) return undefined;
    if (entry === undefined) {
      if (await this.#takesOver()) return 'again';
      this.#caughtUp.resolve();
      await log.wait();
      return 'again';
    }
    const { kind, seq, count, data } = entry;
    if (kind === 'head' && !this.#hasHead) this.knowHead(data.toString());
    if (kind === 'end') {
      this.#hasEnd = true;
      this.#end(decodeStatus(data));
      return undefined;
    }
    if (kind !== 'messages') return 'again';
    // Where it begins is known from the head only where that is still there.
    if (!this.#hasHead) this.knowHead('[]');
    const known = journal.lastSeq - seq + 1;
    if (known >= count) return 'again';
    if (known < 0) journal.skipTo(seq);
    // No gateway shows for longer than another what is too old.
    journal.ageMs = entry.ageMs;
    return unpackBatch(data, Math.max(0, known));
  }

  async #takesOver(): Promise<boolean> {
    const wish = this.#takeOver;
    if (wish === undefined) return false;
    const { log, journal } = this.#options;
    if (!(await log.skipRest())) return true;
    if (!(await log.write('lead', journal.lastSeq, 0))) return true;
    this.#takeOver = undefined;
    if (this.#isOver) {
      wish.done(false);
      return true;
    }
    this.#wasLeading = true;
    this.#service = wish.open();
    if (this.#service === undefined) this.#end(LOST);
    wish.done(true);
    return true;
  }

  #end(status: Status): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#service?.cancel();
    this.#takeOver?.done(false);
    this.#headers.resolve(undefined);
    this.#status.resolve(status);
    this.#options.log.wake();
    this.#awaited.tell(Number.POSITIVE_INFINITY);
  }
}

const CANCELLED = new RpcError('CANCELLED', 'the call was cancelled').toStatus();
/** What everybody is told whose call could not be gone on with. */
export const LOST = new RpcError(
  'LEADER_LOST',
  'the gateway that made this call is gone, and the call cannot be gone on with',
).toStatus();
