export { componentsOf } from './components.js';
export { emittedFile, fileOfService, serviceFileName } from './emit.js';
export { type LinkedFiles, type LinkOptions, linkFiles } from './link-files.js';
export { extensionNames, repairFile } from './repair.js';
