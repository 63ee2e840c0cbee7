export { compile, type InputFile, type Tolerance } from './compile.js';
export type { FileDraft } from './draft.js';
export { parseFile } from './parse-file.js';
