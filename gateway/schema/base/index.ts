export { baseFiles } from './base-files.js';
export { jsonNameFromProto } from './json-name.js';
