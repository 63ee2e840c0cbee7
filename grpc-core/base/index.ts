export { Bell } from './bell.js';
export { type DiskFault, errorFromFault, faultFromError } from './disk-error.js';
export { CoreError, invalid } from './errors.js';
export { timestampFromMs } from './timestamp.js';
