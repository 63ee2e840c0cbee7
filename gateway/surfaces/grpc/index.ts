export { GRPC } from './native-protocol.js';
export { GRPC_WEB } from './web-protocol.js';
