export type { CancelSignal } from '../async/index.js';
export { Batch } from './batch.js';
export { type CallStart, denseIds, type Gap, type MessageIds } from './call-start.js';
export { assertUpstreamAddress, type Http2TransportOptions, openHttp2Transport } from './http2/index.js';
export { openTransport } from './open-transport.js';
export { faultOfPair, isReservedName } from './reserved-names.js';
export { assertAuthority } from './socket-path.js';
export type { Call, CallOptions, SendBatch, Transport } from './transport.js';
export type { TransportOptions, UpstreamTls } from './transport-options.js';
