export { contentOfBody, type FileContent } from './file-content.js';
export type { HttpBinding, HttpMapping, PathVariable } from './http-binding.js';
export type { Json, JsonObject } from './json.js';
export type { Method, Resume, SlowReaderRule } from './method.js';
export { exampleFromMethod, filesFromMethod, streamFromMethod } from './method-options.js';
export { MAX_AFTER_MS, type SlowReaderSettings, slowReaderRule } from './slow-reader-rule.js';
