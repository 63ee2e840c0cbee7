import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bell } from '../../async/index.js';
import { journalUnreachable, type NatsLink, type StoredPiece } from './nats-link.js';

/** What an entry says: the initial metadata, messages, that another gateway writes from now on, or the end. */
export type EntryKind = 'head' | 'messages' | 'lead' | 'end';

export interface LogEntry {
  readonly kind: EntryKind;
  /** The number of its first message; 0 where it has none. */
  readonly seq: number;
  /** How many it has. */
  readonly count: number;
  readonly data: Buffer;
  /** How long it has been there, in milliseconds: as the clock of NATS and that of this gateway have it. */
  readonly ageMs: number;
}

const RETRY_MS = 250;
/** Whoever waits for an entry looks for itself after so long, in milliseconds: a bell may have been lost. */
const LOOK_MS = 1_000;
/** A journal is trimmed in so many steps. */
const STEPS = 16;

/** What one recording keeps in the stream. */
export interface LogBounds {
  readonly maxMessages: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

/** A place from which the log could begin. */
interface Mark {
  readonly at: number;
  /** The number of the first message from there on. */
  readonly seq: number;
  readonly messages: number;
  readonly bytes: number;
  readonly time: number;
}

/**
 * One recording in the stream: entries one behind the other, cut into pieces where they are larger than NATS takes. Whoever writes says what the last
 * piece is, so of two that believe to be the writer only one can go on.
 */
export class SharedLog {
  readonly #link: NatsLink;
  readonly #subject: string;
  readonly #bounds: LogBounds;
  readonly #bell = new Bell();
  readonly #stopListening: () => void;
  /** Where the last piece lies that was read or written. */
  #last = 0;
  #isClosed = false;
  #rung = 0;
  #messages = 0;
  #bytes = 0;
  #marks: Mark[] = [];

  constructor(link: NatsLink, subject: string, bounds: LogBounds) {
    this.#link = link;
    this.#subject = subject;
    this.#bounds = bounds;
    this.#stopListening = link.listen(bellOf(subject), () => {
      this.wake();
      return undefined;
    });
  }

  /**
   * Appends an entry, and resolves when NATS has it: false when somebody else has written behind what is known here, and nothing was. While NATS is
   * away, it waits; false also when the log is closed meanwhile.
   */
  async write(kind: EntryKind, seq: number, count: number, data: Uint8Array = NOTHING): Promise<boolean> {
    const { pieceBytes } = this.#link;
    let from = 0;
    let begin = 0;
    do {
      const piece = data.subarray(from, from + pieceBytes);
      const isFirst = from === 0;
      from += piece.length;
      const fields = {
        'Sluice-Kind': kind,
        'Sluice-Seq': String(seq),
        'Sluice-Count': String(count),
        'Sluice-Part': isFirst ? 'first' : 'more',
        'Sluice-Last': from >= data.length ? '1' : '0',
        'Sluice-Piece': randomBytes(12).toString('base64url'),
      };
      const at = await this.#append(fields, piece);
      if (at === undefined) return false;
      this.#last = at;
      if (isFirst) begin = at;
    } while (from < data.length);
    this.#note(begin, seq, count, data.length);
    this.#link.tell(bellOf(this.#subject));
    return true;
  }

  /** The next entry; `undefined`: there is none now, or the log is closed. While NATS is away, it waits. */
  async read(): Promise<LogEntry | undefined> {
    let parts: StoredPiece[] = [];
    let at = this.#last;
    for (;;) {
      const piece = await this.#again(() => this.#link.next(this.#subject, at + 1));
      // What is cut off was never acknowledged to anybody: who writes next begins anew.
      if (piece === undefined) return undefined;
      at = piece.at;
      if (piece.header('Sluice-Part') === 'first') parts = [];
      // The beginning of it is gone.
      else if (parts.length === 0) continue;
      parts.push(piece);
      if (piece.header('Sluice-Last') === '1') break;
    }
    this.#last = at;
    const [first] = parts as [StoredPiece];
    const data = Buffer.concat(parts.map(({ data }) => data));
    const count = Number(first.header('Sluice-Count'));
    const seq = Number(first.header('Sluice-Seq'));
    this.#note(first.at, seq, count, data.length);
    const kind = first.header('Sluice-Kind') as EntryKind;
    const ageMs = Math.max(0, Date.now() - first.time.getTime());
    return { kind, seq, count, data, ageMs };
  }

  /** The number of the newest message that lies there; 0: none does. Rejects with UNAVAILABLE when NATS is away. */
  async newest(): Promise<number> {
    const last = await this.#link.last(this.#subject).catch((reason: unknown) => {
      throw journalUnreachable(reason);
    });
    if (last === undefined) return 0;
    const count = Number(last.header('Sluice-Count'));
    // Entries without messages have the number of the last message before.
    return Number(last.header('Sluice-Seq')) + (count === 0 ? 0 : count - 1);
  }

  /** Knows of what lies behind the last whole entry, which nobody will ever complete; false when there is another entry. */
  async skipRest(): Promise<boolean> {
    const last = await this.#again(() => this.#link.last(this.#subject));
    if (last === undefined) return !this.#isClosed;
    if (last.at > this.#last && last.header('Sluice-Last') === '1') return false;
    this.#last = Math.max(this.#last, last.at);
    return true;
  }

  /** Resolves when there may be another entry. */
  async wait(): Promise<void> {
    const rung = this.#rung;
    this.#rung = 0;
    if (rung === 0 && !this.#isClosed) await this.#bell.waitWithin({ timeoutMs: LOOK_MS });
    this.#rung = 0;
  }

  /** Ends a wait. */
  wake(): void {
    this.#rung += 1;
    this.#bell.ring();
  }

  /** Gives up what is beyond the bounds and before the message of this number, for whoever writes. Fails without a word: the next time it is more. */
  trim(firstSeq: number): void {
    const { maxMessages, maxBytes, maxAgeMs } = this.#bounds;
    const oldest = Date.now() - maxAgeMs;
    let begin: Mark | undefined;
    for (;;) {
      const [, next] = this.#marks;
      if (next === undefined || next.seq > firstSeq) break;
      const isBeyond =
        this.#messages - next.messages >= maxMessages ||
        this.#bytes - next.bytes >= maxBytes ||
        next.time < oldest;
      if (!isBeyond) break;
      begin = next;
      this.#marks.shift();
    }
    if (begin !== undefined) this.#link.purge(this.#subject, begin.at).catch(() => {});
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopListening();
    this.wake();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** It lies there, or does not because somebody else has written. */
  async #append(fields: Readonly<Record<string, string>>, piece: Uint8Array): Promise<number | undefined> {
    const last = this.#last;
    const at = await this.#again(async () => {
      const at = await this.#link.append(this.#subject, last, fields, piece);
      if (at !== undefined) return at;
      // It may be there since an attempt whose answer was lost.
      const found = await this.#link.last(this.#subject);
      return found !== undefined && found.header('Sluice-Piece') === fields['Sluice-Piece'] ? found.at : 0;
    });
    return at === undefined || at === 0 ? undefined : at;
  }

  /** Until NATS answers; `undefined` when the log is closed. */
  async #again<T>(ask: () => Promise<T>): Promise<T | undefined> {
    while (!this.#isClosed) {
      try {
        return await ask();
      } catch {
        if (!this.#isClosed) await sleep(RETRY_MS, undefined, { ref: false });
      }
    }
    return undefined;
  }

  #note(at: number, seq: number, messages: number, bytes: number): void {
    const { maxMessages, maxBytes, maxAgeMs } = this.#bounds;
    const mark = this.#marks.at(-1);
    const time = Date.now();
    const isStep =
      mark === undefined ||
      this.#messages + messages - mark.messages > maxMessages / STEPS ||
      this.#bytes + bytes - mark.bytes > maxBytes / STEPS ||
      time - mark.time > maxAgeMs / STEPS;
    // Entries without messages have the number of the last message before.
    const firstSeq = messages === 0 ? seq + 1 : seq;
    if (isStep) this.#marks.push({ at, seq: firstSeq, messages: this.#messages, bytes: this.#bytes, time });
    this.#messages += messages;
    this.#bytes += bytes;
  }
}

function bellOf(subject: string): string {
  return `sluice.bell.${subject}`;
}

const NOTHING = new Uint8Array(0);
