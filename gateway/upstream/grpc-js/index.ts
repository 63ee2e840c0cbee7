export { openGrpcJsTransport } from './grpc-js-transport.js';
