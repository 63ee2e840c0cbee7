export { Memory, memory } from './memory.js';
export type { Piece } from './piece.js';
