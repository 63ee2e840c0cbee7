export { Compiler, compile, compiledBytes, type Tolerance } from './compile.js';
export type { FileDraft } from './draft.js';
export type { OptionTypes } from './option-registry.js';
export { parseFile } from './parse-file.js';
