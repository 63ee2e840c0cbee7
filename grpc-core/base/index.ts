export { Bell } from './bell.js';
export { type DiskFault, errorFromFault, faultFromError } from './disk-error.js';
export { CoreError, invalid } from './errors.js';
export { MAX_TIMER_MS } from './timer.js';
export { timestampFromMs } from './timestamp.js';
