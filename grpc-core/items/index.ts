export { type DataHandlersOptions, dataHandlers, type Work } from './data-handlers.js';
export { type DataLog, openDataLog, seedCount } from './data-log.js';
