import { ByteWriter } from '../../codec/index.js';

/**
 * Where every surface encodes. Encoding and taking the result happen in one turn, so one writer serves all: hundreds of
 * streams then fill the same slab instead of a slab each.
 */
export const scratch = new ByteWriter();
