export { collectWhenIdle } from './idle-collection.js';
export { createMetrics, type Metrics } from './metrics.js';
