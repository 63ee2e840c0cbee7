export { baseFiles } from './base-files.js';
export { jsonNameFromProto } from './json-name.js';
export { fileWithLateComments, shareComments } from './late-comments.js';
