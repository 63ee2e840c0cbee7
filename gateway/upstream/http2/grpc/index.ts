export { MethodHeaders } from './call-headers.js';
export { Http2Call, type Http2CallContext } from './http2-call.js';
