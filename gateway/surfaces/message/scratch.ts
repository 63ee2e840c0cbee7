import { ByteWriter } from '../../codec/index.js';
import { memory } from '../../memory/index.js';

/**
 * Where every surface encodes. Encoding and lending the result happen in one turn, so one writer serves all, and what has been sent is
 * written over by the next.
 */
export const scratch = new ByteWriter(0, memory);
