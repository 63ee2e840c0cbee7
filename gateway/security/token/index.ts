export type { KeyEvents } from './key-source.js';
export { TokenCheck, type TokenTools } from './token-check.js';
