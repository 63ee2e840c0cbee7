export { bytesField, bytesFieldHead, encodeBytesField } from './bytes-field.js';
export { joinParts } from './join-parts.js';
export { defaultText, scalarField } from './scalar-field.js';
export { scalarKey } from './scalar-key.js';
export { zeroFields } from './zero-field.js';
