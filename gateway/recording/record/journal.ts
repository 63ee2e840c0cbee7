import type { Status } from '../../status/index.js';
import { Batch, type MessageIds, type SharedForms } from '../../upstream/index.js';

/** What of a call is kept at most. */
export interface JournalBounds {
  readonly maxMessages: number;
  /** Of the messages and what it costs to keep each. The newest message is kept whatever its size. */
  readonly maxBytes: number;
  /** How long each message is kept, in milliseconds. */
  readonly maxAgeMs: number;
}

/** What is kept of the messages of a journal beside them, and counts as the journal's: it goes with them. */
export interface JournalIndex {
  readonly heldBytes: number;
  /** A message of the journal is gone. True when less is held for it. */
  evicted(): boolean;
}

/**
 * Where one call is written down: messages numbered from 1 without a hole, of which the oldest are evicted, and how the call ended. One writes, any
 * number read. What may be a promise is one only where the journal lies elsewhere: that in memory never waits.
 *
 *     append ... append -> finish -> (kept for `maxAgeMs`) -> close
 */
export interface Journal {
  /** The life of this journal: 128 random bits in base64url. No two journals have the same, and nobody can guess one. */
  readonly epoch: string;
  /** The number of the oldest message that is kept; `lastSeq + 1` when none is. */
  readonly firstSeq: number;
  /** The number of the newest message; 0 before the first. */
  readonly lastSeq: number;
  /** How many bytes it holds. */
  readonly bytes: number;
  /** How the call ended; `undefined` while it goes on. */
  readonly ended: Status | undefined;
  /**
   * Takes the messages of a batch, in order, evicting what they have no room beside. False when it has taken only some of them, because what would have to go must
   * stay (`keepAfter`): the batch holds the rest, and may be given again when there is room.
   */
  append(batch: Batch): boolean | Promise<boolean>;
  /** The call is over. Nothing is appended after it. */
  finish(status: Status): void | Promise<void>;
  /** Messages with a greater number than this are not evicted, whatever the bounds; `undefined`: any may be. */
  keepAfter(seq: number | undefined): void;
  /** Evicts what is older than it may be. */
  evictAged(): void;
  /** Somebody who reads. Whoever opens one closes it. */
  openCursor(): JournalCursor;
  /** What is kept of its messages beside them, one at most. Who writes it says when it has grown. */
  index: JournalIndex | undefined;
  /** Its index holds more: others pay for it as for a message. */
  indexGrew(): void;
  /** Gives everything up. */
  close(): void;
}

/** Messages of a journal, one after the other, which knows their ids. */
export class JournalBatch extends Batch implements MessageIds {
  /** The number of the first. */
  readonly firstSeq: number;
  /** Where the forms of these messages are kept for others who read the same, if they are. */
  forms: (() => SharedForms) | undefined;
  readonly #epoch: string;

  constructor(epoch: string, firstSeq: number, bytes: Buffer, bounds: number[], byteLength: number) {
    super(bytes, bounds, byteLength);
    this.#epoch = epoch;
    this.firstSeq = firstSeq;
  }

  of(index: number): string {
    return `~${this.#epoch}.${this.firstSeq + index}`;
  }
}

/** One reader's place to read from; its batches lie in the memory of the journal. */
export interface JournalCursor {
  /**
   * Messages after the one of this number: at least one, at most about 32 KiB, the first of which has the number `firstSeq`. That is greater than
   * `after + 1` when what lies between has been evicted. `undefined` when there is none yet. The batch before counts as taken from then on. A
   * batch is never written over: when its messages are evicted, those that were not taken are copied. `most`: at most so many messages.
   */
  read(after: number, most?: number): JournalBatch | undefined | Promise<JournalBatch | undefined>;
  /** Nothing more is read. Doing so again does nothing. */
  close(): void;
}

/** What a message costs to keep besides its bytes: where it ends, and when it came. */
export const KEPT_MESSAGE_BYTES = 8;
