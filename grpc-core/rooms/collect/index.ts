export { batchHandler, MAX_ITEMS_IN_WORK, RESULTS_LOG } from './batch.js';
export {
  BATCH_PROCESSORS,
  BatchItemError,
  type BatchProcessor,
  MAX_RESULT_BYTES,
} from './batch-processors.js';
export { BatchTally, DUPLICATE_WINDOW, MAX_FAILED_IDS, RecentIds } from './batch-tally.js';
export { RunningMean } from './running-mean.js';
export { SensorStatistics, sensorHandler } from './sensor-data.js';
