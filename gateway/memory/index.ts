export { copyBytes } from './copy-bytes.js';
export { giveBackWhole } from './give-back.js';
export { CROWD_BYTES, Memory, memory, ORDINARY_BYTES, pagedBytes } from './memory.js';
export type { Piece } from './piece.js';
export { PAGED_BYTES, WaitingBytes } from './waiting-bytes.js';
