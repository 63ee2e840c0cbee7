export { type Document, type DocumentEntry, documentMachine } from './document.js';
export { createDocuments } from './edit.js';
export { MAX_INSERT_LENGTH } from './edit-request.js';
export { MAX_DOCUMENT_BYTES, MAX_FORMATS, MAX_REVISIONS_BEHIND } from './library.js';
export {
  lengthChange,
  type Operation,
  type Order,
  singleRangeSteps,
  type TextRange,
  transform,
} from './operation.js';
export { applyOperation, emptyText, type Format, type RichText } from './rich-text.js';
