export { type Backoff, backoffMs } from './backoff.js';
export { MAX_TIMER_MS, wait } from './wait.js';
