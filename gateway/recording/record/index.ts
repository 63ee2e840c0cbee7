export { EVICTION_CAUSES, type EvictionCause } from './journal.js';
export { Recordings, type RecordingsOptions } from './recordings.js';
