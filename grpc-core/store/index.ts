export { type EmbeddedStoreOptions, openEmbeddedStore } from './embedded-store.js';
export { logName } from './log-name.js';
export {
  type KeyValue,
  type KeyValueMap,
  type Log,
  type LogRecord,
  type Store,
  StoreConflict,
} from './store.js';
