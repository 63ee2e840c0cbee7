export { type DataHandlersOptions, dataHandlers, type Work } from './data-handlers.js';
export { type DataLog, openDataLog, SEED_COUNT } from './data-log.js';
