export { bytesFromEntry, type StoredEntry } from './entry.js';
export { logHandlers } from './log-handlers.js';
export { type LogWriter, type LogWriterOptions, openLogWriter } from './log-writer.js';
