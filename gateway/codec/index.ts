export { bufbuildCodec } from './bufbuild-codec.js';
export type { Codec, MessageCodec } from './codec.js';
export { type CompiledCodecOptions, compiledCodec } from './compiled-codec.js';
export {
  bytesField,
  bytesFieldHead,
  defaultText,
  encodeBytesField,
  joinParts,
  scalarField,
  scalarKey,
  zeroFields,
} from './field/index.js';
export { ByteWriter, COPIED_BYTES } from './primitive/index.js';
