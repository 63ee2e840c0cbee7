export { accessFromMethod } from './access-option.js';
export { type AccessRule, AUTHENTICATED, PUBLIC } from './access-rule.js';
export { contentOfBody, type FileContent } from './file-content.js';
export type { HttpBinding, HttpMapping, PathVariable } from './http-binding.js';
export type { Json, JsonObject } from './json.js';
export { copyOfMethod, LateMethod, type MethodHead } from './late-method.js';
export type { Method, RecordingRule, Resume, SlowReaderRule } from './method.js';
export { exampleFromMethod, filesFromMethod, streamFromMethod } from './method-options.js';
export { recordingFromMethod } from './recording-option.js';
export {
  faultOfRecording,
  MAX_RECORDING_MS,
  type RecordingSettings,
  recordingRule,
} from './recording-rule.js';
export { resumeFromNames } from './resume-rule.js';
export { MAX_AFTER_MS, type SlowReaderSettings, slowReaderRule } from './slow-reader-rule.js';
