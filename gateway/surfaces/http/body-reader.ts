import type { IncomingMessage } from 'node:http';
import { Alarm, Bell } from '../../async/index.js';
import { RpcError } from '../../status/index.js';
import type { Limits } from '../exchange/index.js';
import { type ClientPace, PIECE_BYTES, type UnfinishedMessage } from '../exchange/index.js';
import { endRequest, watchRequest } from '../liveness/index.js';
import { BodyQueue } from './body-queue.js';
import { reasonOf, tooLarge, tooSlow } from './body-refusal.js';
import type { WholeBody } from './whole-body.js';

/** What is read and dropped of a body that nobody wants, before the connection is closed instead. */
const DISCARD_BYTES = 1024 * 1024;
/** How long that may take, in milliseconds. */
const DISCARD_MS = 2_000;

/** The longest time between two looks whether a client may be read from again, in milliseconds: so it is not forgotten that it owes. */
const MOST_KEPT_MS = 1_000;

/** How far ahead of its reader a body is read, in bytes: see `BodyQueue`. Absent: as far as Node does by itself. */
export interface ReadAhead {
  readonly aheadBytes?: number;
  /** How fast its client may be read from. Absent: as fast as it can. */
  readonly pace?: ClientPace | undefined;
}

/**
 * A request body, pulled: nothing is read from the socket but what Node buffers (64 KiB) until `read` asks for it. A client
 * that keeps us waiting is refused with 408; time in which nobody asks does not count. Whoever makes one calls `close`.
 */
export class BodyReader {
  readonly #request: IncomingMessage;
  readonly #limits: Pick<Limits, 'bodyIdleMs' | 'messageTimeoutMs'>;
  /** Rings when the request may have more, or the wait is over. */
  readonly #changed = new Bell();
  /** From the first wait on: what is here with its head needs no listeners. */
  #isListening = false;
  #ended = false;
  #isClosed = false;
  #cut = false;
  /** Why nobody waits any more, although the body has not ended. */
  #late: RpcError | undefined;
  /** Spent on waiting for the rest of the message that has begun. */
  #waitedMs = 0;
  #unwatch: (() => void) | undefined;
  readonly #pace: ClientPace | undefined;
  /** Where a body waits that is read ahead. */
  readonly #queue: BodyQueue | undefined;

  /** `aheadBytes`: see `BodyQueue`; for a body that is read by `read` and `take` alone. */
  constructor(
    request: IncomingMessage,
    limits: Pick<Limits, 'bodyIdleMs' | 'messageTimeoutMs'>,
    { aheadBytes, pace }: ReadAhead = {},
  ) {
    this.#request = request;
    this.#limits = limits;
    this.#pace = pace;
    this.#queue = aheadBytes === undefined ? undefined : new BodyQueue(request, this.#wake, aheadBytes);
  }

  /** Hears of the request from here on, and sees what has happened to it before. */
  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    const request = this.#request;
    if (request.readableEnded && !request.aborted) this.#ended = true;
    else if (request.destroyed) this.#cut = true;
    if (this.#queue === undefined) request.on('readable', this.#wake);
    request.on('end', this.#end);
    request.on('close', this.#close);
    request.on('error', this.#close);
  }

  /**
   * The next bytes, as they arrived; `undefined` at the end of the body and after `close`. `isMidMessage`: what came before is a part of a
   * message, so all the reads until `messageEnded` have one `messageTimeoutMs` together. Rejects with CANCELLED when the client left before
   * the end, and with 408 when it has sent nothing for `bodyIdleMs`, or not the rest of its message in time.
   */
  async read(isMidMessage: boolean): Promise<Buffer | undefined> {
    this.#unwatch?.();
    const chunk = await this.#next(isMidMessage);
    // Until the next read the socket is not read either, so nobody else would notice that the client has left.
    if (chunk !== undefined && this.#queue === undefined) this.#unwatch = watchRequest(this.#request);
    return chunk;
  }

  /** More bytes, if they are here already. Only of a body that is read ahead. */
  take(): Buffer | undefined {
    if (this.#pace !== undefined && this.#pace.owedMs > 0) return undefined;
    const piece = this.#queue?.take();
    if (piece !== undefined) this.#pace?.took(piece.length);
    return piece;
  }

  /** A message is whole: the next one has its time anew. */
  messageEnded(): void {
    this.#waitedMs = 0;
  }

  async #next(isMidMessage: boolean): Promise<Buffer | undefined> {
    for (;;) {
      if (this.#pace !== undefined && (await this.#keptBack(this.#pace))) return undefined;
      const chunk =
        this.#queue === undefined ? (this.#request.read() as Buffer | null) : (this.#queue.take() ?? null);
      if (chunk !== null) {
        this.#pace?.took(chunk.length);
        return chunk;
      }
      this.#listen();
      if (this.#ended) return undefined;
      if (this.#cut)
        throw new RpcError(
          'CLIENT_LEFT',
          'the client ended the connection before the request body was complete',
        );
      if (this.#late) throw this.#late;
      await this.#arrival(isMidMessage);
    }
  }

  /** Waits until the client may be read from again; its time does not go on meanwhile. True: the body has been closed. */
  async #keptBack(pace: ClientPace): Promise<boolean> {
    for (let owedMs = pace.owedMs; owedMs > 0 && !this.#cut; owedMs = pace.owedMs) {
      this.#listen();
      if (this.#late !== undefined) throw this.#late;
      const unwatch = watchRequest(this.#request);
      const alarm = new Alarm({ onAlarm: this.#wake });
      alarm.set(Math.min(owedMs, MOST_KEPT_MS));
      await this.#changed.wait();
      alarm.clear();
      unwatch();
      if (this.#isClosed) return true;
    }
    return false;
  }

  /** Waits for anything to happen, as long as the limits allow. */
  async #arrival(isMidMessage: boolean): Promise<void> {
    const { bodyIdleMs, messageTimeoutMs } = this.#limits;
    const leftMs = isMidMessage ? Math.max(0, messageTimeoutMs - this.#waitedMs) : bodyIdleMs;
    const begun = performance.now();
    const onAlarm = () => {
      this.#giveUp(
        leftMs < bodyIdleMs
          ? tooSlow(
              'MESSAGE_TIMEOUT',
              `the client did not finish the message within ${messageTimeoutMs} ms: see --message-timeout-ms`,
            )
          : tooSlow(
              'BODY_IDLE',
              `the client sent nothing of the request body for ${bodyIdleMs} ms: see --body-idle-ms`,
            ),
      );
    };
    const alarm = new Alarm({ onAlarm });
    this.#queue?.want();
    alarm.set(Math.min(leftMs, bodyIdleMs));
    await this.#changed.wait();
    alarm.clear();
    if (isMidMessage) this.#waitedMs += performance.now() - begun;
  }

  /** The whole body, which is one message. Rejects as `read` does, and with what `WholeBody` says. */
  async readAll(whole: WholeBody): Promise<Buffer> {
    const { maxBytes } = whole;
    const declared = Number(this.#request.headers['content-length']);
    if (declared > maxBytes) throw tooLarge(maxBytes);
    const chunks: Buffer[] = [];
    let bytes = 0;
    const take = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    };
    await this.readEach(take, () => bytes + chunks.length * PIECE_BYTES, whole);
    return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  }

  /**
   * The whole body, piece by piece, where all of it is one message: `take` gets each piece, and what it throws ends the wait; `heldBytes` is what it
   * holds then. Rejects as `read` does, and with what `WholeBody` says, but for `maxBytes`, which `take` sees to.
   */
  async readEach(
    take: (piece: Buffer) => void,
    heldBytes: () => number,
    whole: Pick<WholeBody, 'deadline' | 'signal' | 'countUnfinished'>,
  ): Promise<void> {
    let unfinished: UnfinishedMessage | undefined;
    let letGo: (() => void) | undefined;
    // Nearly every body comes with its head, which the parser is just being done with: then there is nothing to wait for, and no end to watch for.
    if (!this.#request.complete) await undefined;
    try {
      for (;;) {
        const here = this.#pace === undefined ? (this.#request.read() as Buffer | null) : null;
        if (here === null && this.#isWhole) break;
        if (here === null && !this.#ended) letGo ??= this.#endWith(whole);
        const chunk = here ?? (await this.#next(true));
        if (chunk === undefined) break;
        take(chunk);
        if (this.#isWhole) break;
        unfinished ??= whole.countUnfinished();
        unfinished.holds(heldBytes());
        if (whole.signal.aborted) throw reasonOf(whole.signal);
      }
    } finally {
      letGo?.();
      unfinished?.holds(0);
    }
  }

  /** Everything has been read. */
  get #isWhole(): boolean {
    if (this.#request.complete && this.#request.readableLength === 0) this.#ended = true;
    return this.#ended;
  }

  /** Gives the wait up at the deadline, or when the signal says so. Returns what ends the watch. */
  #endWith({ deadline, signal }: Pick<WholeBody, 'deadline' | 'signal'>): () => void {
    const pass = () => this.#giveUp(new RpcError('DEADLINE_PASSED', 'the deadline has passed'));
    const abort = () => this.#giveUp(reasonOf(signal));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    const alarm = new Alarm({ onAlarm: pass });
    if (deadline !== undefined) alarm.set(deadline - Date.now());
    return () => {
      alarm.clear();
      signal.removeEventListener('abort', abort);
    };
  }

  #giveUp(reason: RpcError): void {
    this.#late ??= reason;
    this.#wake();
  }

  /**
   * Nobody will read any more. A rest of the body is read and dropped within bounds, so that the client can read its
   * answer before the connection ends, and a small rest leaves the connection usable.
   */
  close(): void {
    this.#isClosed = true;
    this.#unwatch?.();
    if (!this.#ended) this.#listen();
    this.#queue?.close();
    this.#request.off('readable', this.#wake);
    const unfinished = !this.#ended && !this.#cut;
    this.#ended = true;
    this.#wake();
    if (!unfinished) return;
    const { socket } = this.#request;
    let dropped = 0;
    const stop = () => {
      clearTimeout(timer);
      this.#request.off('data', drop);
      socket.off('close', stop);
    };
    const drop = (chunk: Buffer) => {
      dropped += chunk.length;
      if (dropped <= DISCARD_BYTES) return;
      stop();
      endRequest(this.#request);
    };
    const timer = setTimeout(() => endRequest(this.#request), DISCARD_MS);
    this.#request.once('close', stop);
    this.#request.once('end', stop);
    // A request whose answer has gone out hears no more of its connection.
    socket.once('close', stop);
    this.#request.on('data', drop);
    this.#request.resume();
  }

  readonly #wake = () => this.#changed.ring();

  readonly #end = () => {
    // A stream of HTTP/2 ends also when it is reset without an error.
    if (this.#request.aborted) this.#cut = true;
    else this.#ended = true;
    this.#wake();
  };

  readonly #close = () => {
    if (!this.#ended) this.#cut = true;
    this.#wake();
  };
}

/** Drops a body that nobody has begun to read, within the same bounds. Does nothing when it has been read. */
export function discardBody(request: IncomingMessage): void {
  if (!request.readableEnded && !request.readableDidRead && !request.destroyed)
    new BodyReader(request, NEVER_READ).close();
}

/** For a body that is only dropped. */
const NEVER_READ = { bodyIdleMs: DISCARD_MS, messageTimeoutMs: DISCARD_MS };
