export { bytesFromEntry, type StoredEntry } from './entry.js';
export { type Journal, type JournalOptions, openJournal } from './journal.js';
export { logHandlers } from './log-handlers.js';
