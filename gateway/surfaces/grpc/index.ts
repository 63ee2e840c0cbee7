export { GRPC_WEB } from './web-protocol.js';
