import type { Batch } from '../../upstream/index.js';

/**
 * The messages that wait for a client which is behind, oldest first; bounded in messages and in bytes. Nothing here waits or throws.
 *
 * What is kept is copied into pieces of memory, unless it is large and has a buffer of its own: messages lie in larger reads, and one small message would
 * hold 64 KiB of them. Whoever keeps messages calls `release` at last: no collection finds those pieces.
 */
export interface KeptMessages {
  /** How many are kept. */
  readonly size: number;
  /** What they count as, together: their own bytes, and what `kept-cost.ts` says of each. */
  readonly bytes: number;
  /** Keeps the messages of a batch from an index on, and returns how many had to go for it. After a `failure`, those before the bad one are kept. */
  keep(batch: Batch, from?: number): KeepResult;
  /** Takes the oldest, at least one if there is one, up to so many bytes of messages and so many of them. The batch is to be settled. */
  take(maxBytes: number, maxMessages: number): Batch;
  /** Nothing is taken any more: the memory is given up. */
  release(): void;
}

export interface KeepResult {
  readonly dropped: number;
  /** Why a message has no key. */
  readonly failure: unknown;
}
