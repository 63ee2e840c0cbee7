export { fileOfService } from './emit.js';
export { type LinkedFiles, type LinkOptions, linkFiles } from './link-files.js';
export { extensionNames } from './repair.js';
