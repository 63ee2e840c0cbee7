export { openGrpcJsTransport } from './grpc-js/transport.js';
export type { Http2TransportOptions } from './http2/options.js';
export { assertTarget } from './http2/target.js';
export { openHttp2Transport } from './http2/transport.js';
export type { TransportOptions, UpstreamTls } from './options.js';
export { maxTimerMs } from './options.js';
export { faultOfPair, isReservedName } from './reserved-names.js';
export { assertAuthority } from './socket-path.js';
export type { Batch, Call, CallOptions, SendBatch, Transport } from './transport.js';
