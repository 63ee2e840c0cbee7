export { formatGrpcTimeout, frameBatch, pairsFromRaw, statusFromTrailers } from './grpc/index.js';
export type { Http2TransportOptions } from './http2-options.js';
export { openHttp2Transport } from './http2-transport.js';
export { assertUpstreamAddress } from './pool/index.js';
