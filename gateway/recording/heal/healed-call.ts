import { Outcome } from '../../async/index.js';
import { defaultText, scalarField } from '../../codec/index.js';
import type { Resume } from '../../schema/index.js';
import { Code, type Metadata, RpcError, type Status } from '../../status/index.js';
import type { Batch, Call, CallStart, CallWaiting, SendBatch, Transport } from '../../upstream/index.js';
import { idFromCursor } from '../../wire/index.js';
import type { CallRequest, HealResult } from '../call-request.js';
import { renewed, type ToldMetadata } from '../call-token.js';
import { cursorField } from '../resume-point.js';
import { CursorTrack } from './cursor-track.js';
import { isBreak, MAX_TRIES, mayTryFirst, wait, waitBefore } from './retry.js';

const NOTHING = new Uint8Array(0);

/**
 * A call of a method with cursors. It begins where the client wants to go on, and when the stream breaks, it is asked for again after the last
 * message that was read: whoever reads it sees no break.
 *
 *     open -> read ... read -> end of the service -> status
 *      ^        |  breaks
 *      |        v
 *      +---- wait, 8 times without a message between; a cancel or the deadline ends it
 *
 * Only server streams are asked for again, from the request as it came, which is kept for that. A message without a cursor is a place from which
 * nobody can go on: until the next one that has one, a break is the end.
 */
export class HealedCall implements Call {
  readonly #transport: Pick<Transport, 'open'>;
  readonly #request: CallRequest;
  readonly #resume: Resume;
  readonly #track: CursorTrack;
  readonly #headers = new Outcome<Metadata | undefined>();
  readonly #start = new Outcome<CallStart | undefined>();
  readonly #status = new Outcome<Status>();
  #attempt: Call;
  /** What goes behind each message of the client. */
  #field: Uint8Array;
  /** The one message of the client, which may have to be sent again. */
  #message: Uint8Array | undefined;
  /** More than one message: it is the service's to refuse that, and the call is not asked for again. */
  #hasMore = false;
  #isHalfClosed = false;
  /** The service has answered: initial metadata or a message are here, or were on their way when the stream broke. */
  #isTaken = false;
  #hasDelivered = false;
  /** Since the last message. */
  #tries = 0;
  #isTruncated = false;
  #isCancelled = false;
  #isOver = false;
  #endWait: (() => void) | undefined;

  constructor(transport: Pick<Transport, 'open'>, request: CallRequest, resume: Resume) {
    this.#transport = transport;
    this.#request = request;
    this.#resume = resume;
    const { last, field = NOTHING, id } = request.resume ?? {};
    this.#track = new CursorTrack(resume.cursor, last?.kind === 'cursor' ? last.cursor : undefined);
    this.#field = field;
    if (id !== undefined) this.#start.resolve({ lastEventId: id });
    // Of a stream of requests none is the one that says it.
    else if (request.method.requestStream) this.#start.resolve(undefined);
    this.#attempt = this.#open();
  }

  get headers(): Promise<Metadata | undefined> {
    return this.#headers.promise;
  }

  get start(): Promise<CallStart | undefined> {
    return this.#start.promise;
  }

  get status(): Promise<Status> {
    return this.#status.promise;
  }

  async read(): Promise<Batch | undefined> {
    for (;;) {
      if (this.#isOver) return undefined;
      const attempt = this.#attempt;
      const batch = await attempt.read();
      if (batch === undefined) {
        if (await this.#goOn(await attempt.status)) continue;
        return undefined;
      }
      // Who waits for both hears of the metadata first.
      if (!this.#hasDelivered) this.#headers.resolve(await attempt.headers);
      const fresh = this.#track.pass(batch);
      if (fresh === undefined) continue;
      this.#delivered();
      return fresh;
    }
  }

  write(batch: SendBatch): Promise<boolean> | boolean {
    if (this.#request.method.requestStream) {
      const field = this.#field;
      return this.#attempt.write(field.length === 0 ? batch : batch.map((message) => joined(message, field)));
    }
    if (this.#isOver) return false;
    const [first, ...more] = batch;
    if (first === undefined) return true;
    this.#hasMore = this.#message !== undefined || more.length > 0;
    this.#message ??= joined(first, NOTHING);
    this.#start.resolve(this.#startOf(this.#message));
    const room = this.#attempt.write([joined(first, this.#field), ...more]);
    // An attempt that is over is no end: the message goes with the next one.
    return room instanceof Promise ? room.then(() => !this.#isOver) : true;
  }

  halfClose(): void {
    this.#isHalfClosed = true;
    this.#attempt.halfClose();
  }

  cancel(): void {
    if (this.#isOver || this.#isCancelled) return;
    this.#isCancelled = true;
    if (this.#endWait !== undefined) {
      // Whoever reads is told the end there.
      this.#endWait();
      return;
    }
    this.#attempt.cancel();
    // Nobody may be reading.
    void this.#attempt.status.then((status) => this.#finish(status));
  }

  waiting(): CallWaiting | undefined {
    return this.#attempt.waiting?.();
  }

  #open(metadata: Metadata = this.#request.metadata): Call {
    const request = this.#request;
    const asked = metadata === request.metadata ? request : { ...request, metadata };
    const attempt = this.#transport.open(request.method.path, asked);
    void attempt.headers.then((metadata) => {
      if (metadata === undefined) return;
      this.#isTaken = true;
      this.#headers.resolve(metadata);
    });
    // Before the client has said anything: who waits to hear where the stream begins would wait for ever.
    void attempt.status.then(() => this.#start.resolve(undefined));
    return attempt;
  }

  /** After the end of an attempt: true when there is another one to read from. */
  async #goOn(status: Status): Promise<boolean> {
    const { deadline, signal } = this.#request;
    if (status.isBroken) this.#isTaken = true;
    const message = this.#message;
    const field = this.#mayTry(status) ? this.#nextField() : undefined;
    if (field === undefined || message === undefined) {
      this.#finish(status);
      return false;
    }
    this.#isTruncated ||= status.truncated;
    const waitMs = waitBefore(this.#tries, this.#isTaken);
    this.#tries += 1;
    await wait(waitMs, deadline, signal, (end) => {
      this.#endWait = end;
    });
    const told = await this.#renewed();
    this.#endWait = undefined;
    if (this.#isCancelled || signal.aborted) {
      this.#finish(new RpcError('CANCELLED', 'cancelled').toStatus());
      return false;
    }
    if (told instanceof RpcError) {
      this.#finish(told.toStatus());
      return false;
    }
    this.#field = field;
    this.#track.restarted();
    this.#attempt = this.#open(told.metadata);
    void this.#attempt.write([joined(message, field)]);
    if (this.#isHalfClosed) this.#attempt.halfClose();
    return true;
  }

  /** What the next attempt is asked with, or why there can be none. */
  async #renewed(): Promise<ToldMetadata | RpcError> {
    try {
      return await renewed(this.#request);
    } catch (reason) {
      return RpcError.from(reason);
    }
  }

  #mayTry(status: Status): boolean {
    if (this.#isCancelled || this.#hasMore || this.#request.signal.aborted || !isBreak(status)) return false;
    return this.#isTaken ? this.#tries < MAX_TRIES : mayTryFirst(status, this.#tries);
  }

  /** What goes behind the client's message in the next attempt; `undefined` where the stream stands at no cursor, or at one that the field cannot hold. */
  #nextField(): Uint8Array | undefined {
    if (!this.#hasDelivered) return this.#field;
    const { method, requestCodec } = this.#request;
    const { last } = this.#track;
    try {
      return last === undefined ? undefined : cursorField(method, requestCodec, last, 'cursor');
    } catch {
      return undefined;
    }
  }

  #delivered(): void {
    this.#isTaken = true;
    this.#hasDelivered = true;
    if (this.#tries === 0) return;
    this.#tries = 0;
    this.#isTruncated = false;
    this.#request.onHealed('healed');
  }

  #finish(status: Status): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#tries > 0) this.#request.onHealed(this.#resultOf(status));
    else if (this.#isTaken && !this.#isCancelled && isBreak(status)) this.#request.onHealed('failed');
    this.#headers.resolve(undefined);
    this.#start.resolve(undefined);
    const isTruncated = status.code !== Code.OK && this.#isTruncated;
    this.#status.resolve(isTruncated ? { ...status, truncated: true } : status);
  }

  #resultOf({ code }: Status): HealResult {
    if (code === Code.OK) return 'healed';
    const isEnded = this.#isCancelled || this.#request.signal.aborted || code === Code.DEADLINE_EXCEEDED;
    return isEnded ? 'cancelled' : 'failed';
  }

  /** Where the stream begins by the client's own message. */
  #startOf(message: Uint8Array): CallStart | undefined {
    const { request } = this.#resume;
    try {
      const cursor = scalarField(message, request);
      const isSaid = cursor !== undefined && cursor !== '' && cursor !== defaultText(request);
      return isSaid ? { lastEventId: idFromCursor(cursor) } : undefined;
    } catch {
      // It is the service's to refuse what is no message.
      return undefined;
    }
  }
}

/** A message in one piece of its own, with a field behind it. */
function joined(message: SendBatch[number], field: Uint8Array): Uint8Array {
  return Buffer.concat(message instanceof Uint8Array ? [message, field] : [...message, field]);
}
