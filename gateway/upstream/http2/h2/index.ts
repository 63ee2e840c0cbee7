export { ErrorCode } from './codes.js';
export { FRAME_HEAD_BYTES } from './frame-parser.js';
export type { RawHeaders } from './header-decoder.js';
export { CommonFields, type HeaderField } from './header-encoder.js';
export { headerListBytes } from './header-table.js';
export { Http2Connection, type Http2ConnectionOptions } from './http2-connection.js';
export type { ClientStream, StreamHandler } from './stream.js';
export { WindowBudget } from './window-budget.js';
