export { ByteWriter } from './byte-writer.js';
export type { Codec, MessageCodec } from './codec.js';
