import { invalid } from '../base/index.js';

/** Checks the numbers of the chunks of one upload. */
export interface ChunkOrder {
  /** Takes the next chunk's number; INVALID_ARGUMENT if it cannot be the next. */
  take(chunkNumber: number): void;
}

/** Either every number is 0, which means the sender does not number, or each follows the one before, from 0 or 1. */
export function createChunkOrder(): ChunkOrder {
  let previous: number | undefined;
  let numbered: boolean | undefined;
  return {
    take(number) {
      if (previous === undefined) {
        if (number !== 0 && number !== 1)
          throw invalid('chunk_number', `the first must be 0 or 1, not ${number}`);
        // After a 0 the next number tells.
        if (number === 1) numbered = true;
      } else {
        numbered ??= number !== 0;
        const expected = numbered ? previous + 1 : 0;
        if (number !== expected) throw invalid('chunk_number', `must be ${expected}, not ${number}`);
      }
      previous = number;
    },
  };
}
