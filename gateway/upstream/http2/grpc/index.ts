export { MethodHeaders, pairsFromRaw } from './call-headers.js';
export { frameBatch } from './framing.js';
export { statusFromTrailers } from './grpc-status.js';
export { Http2Call, type Http2CallContext } from './http2-call.js';
export { formatGrpcTimeout } from './timeout-header.js';
