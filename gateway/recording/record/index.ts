export { Recordings, type RecordingsOptions } from './recordings.js';
