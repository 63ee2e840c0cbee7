export type { KeyEvents } from './key-source.js';
export { SignedTokens } from './signed-tokens.js';
export type { SigningEvents } from './signing-keys.js';
export { TokenCheck, type TokenTools } from './token-check.js';
