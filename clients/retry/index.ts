export { type Backoff, backoffMs } from './backoff.js';
export { maxTimerMs, wait } from './wait.js';
