export { CORE_OPTIONS } from './core-options.js';
export { type CoreOptions, type ResolvedCoreOptions, resolveCoreOptions } from './resolve.js';
