export { CORE_OPTIONS } from './core-options.js';
export { assertIdentityName } from './identity-name.js';
export { type CoreOptions, type ResolvedCoreOptions, resolveCoreOptions } from './resolve.js';
export { MAX_TIMER_MS } from './timer.js';
