export { bridge, type Report } from './bridge.js';
export type { AbortCause, Exchange, Incoming, Outgoing, Traffic } from './exchange.js';
export { gapError } from './gap.js';
export type { SlowReader } from './policy.js';
export { Progress } from './progress.js';
export { Pump } from './pump.js';
export { StallLimit } from './stall-limit.js';
export { bytesOf } from './upward.js';
