export { Recordings } from './recordings.js';
export type { RecordingsOptions } from './recordings-options.js';
