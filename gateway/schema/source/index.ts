export { compile, type InputFile, type OptionTypes, type Tolerance } from './compile.js';
export type { FileDraft } from './draft.js';
export { parseFile } from './parse-file.js';
