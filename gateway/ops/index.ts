export { collectWhenIdle } from './idle-collection.js';
export { LoopDelay } from './loop-delay.js';
export { createMetrics, type Metrics } from './metrics.js';
export { hasRegisteredProvider, openTracing } from './open-tracing.js';
export { parseOtlpEndpoint } from './otlp-endpoint.js';
export type { OpenTraces, TracingOptions } from './tracing-options.js';
