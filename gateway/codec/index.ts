export { bufbuildCodec } from './bufbuild-codec.js';
export { ByteWriter } from './byte-writer.js';
export { bytesField, bytesFieldHead, encodeBytesField } from './bytes-field.js';
export type { Codec, MessageCodec } from './codec.js';
export { type CompiledCodecOptions, compiledCodec } from './compiled-codec.js';
export { joinParts } from './join-parts.js';
export { defaultText, scalarField } from './scalar-field.js';
export { zeroFields } from './zero-field.js';
