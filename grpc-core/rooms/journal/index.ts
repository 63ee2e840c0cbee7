export {
  Journal,
  type JournalOptions,
  type Machine,
  SNAPSHOT_INTERVAL,
  type Step,
  type Version,
} from './journal.js';
export { KeyedQueue } from './keyed-queue.js';
export { retryConflicts } from './retry.js';
export { trail } from './trail.js';
