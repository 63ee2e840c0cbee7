import { PAGED_BYTES } from '../../memory/index.js';
import { Batch } from '../../upstream/index.js';
import { keptMemory, LARGE_BYTES, type Segment } from './segment.js';

/** A message that is kept: where it lies, and its id where it has one. */
export interface KeptMessage {
  readonly segment: Segment;
  readonly start: number;
  readonly length: number;
  readonly id: string | undefined;
}

export const isLarge = ({ length }: Pick<KeptMessage, 'length'>): boolean => length >= LARGE_BYTES;

/** One large message with its memory, or small ones, copied: their segments may be released at once. */
export function batchOf(messages: readonly KeptMessage[]): Batch {
  const [first] = messages;
  const batch = first !== undefined && isLarge(first) ? batchOfLarge(first) : batchOfSmall(messages);
  // All of one call have ids, or none has.
  if (first?.id !== undefined) batch.ids = { of: (index) => messages[index]?.id as string };
  return batch;
}

function batchOfLarge({ segment, start, length }: KeptMessage): Batch {
  const batch = new Batch(segment.buffer, [start, start + length], length);
  segment.handOnTo(batch);
  return batch;
}

function batchOfSmall(messages: readonly KeptMessage[]): Batch {
  const total = messages.reduce((sum, { length }) => sum + length, 0);
  // A client that has stopped holds them for as long as what is kept. Few bytes are not of the pool, of which they would hold 8 KiB.
  const piece = total < PAGED_BYTES ? undefined : keptMemory.take(total);
  const bytes = piece?.buffer ?? Buffer.allocUnsafeSlow(total);
  const bounds: number[] = [];
  let at = 0;
  for (const { segment, start, length } of messages) {
    segment.buffer.copy(bytes, at, start, start + length);
    bounds.push(at, at + length);
    at += length;
  }
  const batch = new Batch(bytes, bounds, total);
  if (piece !== undefined) batch.owns(piece.release);
  return batch;
}
