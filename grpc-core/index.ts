export { type Core, openCore } from './core.js';
export type { CoreOptions } from './options/index.js';
