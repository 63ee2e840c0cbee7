export { ErrorCode } from './codes.js';
export type { RawHeaders } from './header-decoder.js';
export { CommonFields, type HeaderField } from './header-encoder.js';
export { headerListBytes } from './header-table.js';
export { Http2Connection, type Http2ConnectionOptions } from './http2-connection.js';
export type { ClientStream, StreamHandler } from './stream.js';
export { MIN_WINDOW_BYTES, WindowBudget } from './window-budget.js';
