export { CONNECT } from './connect-protocol.js';
