export { ErrorCode } from './codes.js';
export type { RawHeaders } from './header-decoder.js';
export type { HeaderField } from './header-encoder.js';
export { headerListBytes } from './header-table.js';
export { ClientSession, type SessionOptions } from './session.js';
export type { ClientStream, StreamHandler } from './stream.js';
