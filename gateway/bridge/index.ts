export { bridge, type Report } from './bridge.js';
export type { AbortCause, Exchange, Incoming, Outgoing, Traffic } from './exchange.js';
export { pump } from './pump.js';
export type { SlowReader } from './slow-reader/index.js';
