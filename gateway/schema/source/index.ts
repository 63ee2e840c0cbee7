export { compile, type InputFile } from './compile.js';
export type { FileDraft } from './draft.js';
export { parseFile } from './parse-file.js';
