import { gunzipSync, gzipSync } from 'node:zlib';
import { type CaseSchema, contentOf, typeNameOf } from '../case-schema.js';
import type { Compression, MessageContents, RawRequest } from '../case-types.js';

/** What all three protocols put before a message in a stream: a flag and four bytes of length. */
export interface Frame {
  readonly flags: number;
  readonly payload: Buffer;
}

export const COMPRESSED = 0x01;

export function frameOf(flags: number, payload: Uint8Array, length = payload.length): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, payload]);
}

/** A message as a stream carries it. What is empty is not compressed. */
export function messageFrame(message: Uint8Array, compression: Compression): Buffer {
  return compression === 'COMPRESSION_GZIP' && message.length > 0
    ? frameOf(COMPRESSED, gzipSync(message))
    : frameOf(0, message);
}

/** The frames of a body. Throws where it ends within one. */
export async function* framesOf(body: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let left: Buffer = Buffer.alloc(0);
  for await (const chunk of body) {
    left = left.length === 0 ? chunk : Buffer.concat([left, chunk]);
    while (left.length >= 5) {
      const end = 5 + left.readUInt32BE(1);
      if (left.length < end) break;
      yield { flags: left[0] as number, payload: left.subarray(5, end) };
      left = left.subarray(end);
    }
  }
  if (left.length > 0) throw new Error(`the body ends with ${left.length} bytes of an unfinished frame`);
}

/** The bytes of a compressed payload; throws when the answer has not said that there will be any. */
export function inflated(payload: Buffer, encoding: string | undefined): Buffer {
  if (encoding !== 'gzip')
    throw new Error(`a compressed message, and the encoding is ${encoding ?? 'not told'}`);
  return gunzipSync(payload);
}

export async function wholeOf(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The body of a raw request. */
export function rawBody(raw: RawRequest, types: CaseSchema): Buffer {
  if (raw.unary !== undefined) return contentsOf(raw.unary, types);
  const items = raw.stream?.items ?? [];
  return Buffer.concat(
    items.map(({ flags = 0, length, payload = {} }) => frameOf(flags, contentsOf(payload, types), length)),
  );
}

function contentsOf(contents: MessageContents, types: CaseSchema): Buffer {
  const { binary, text, binaryMessage, compression } = contents;
  const bytes =
    binaryMessage === undefined
      ? Buffer.from(binary ?? text ?? '', binary === undefined ? 'utf8' : 'base64')
      : Buffer.from(types.encode(typeNameOf(binaryMessage), contentOf(binaryMessage)));
  if (compression === 'COMPRESSION_GZIP') return gzipSync(bytes);
  return compression === 'COMPRESSION_ZSTD' ? zstdStored(bytes) : bytes;
}

/** Zstandard (RFC 8878) with one raw block, of fewer than 256 bytes: Node 20 cannot compress so. */
function zstdStored(bytes: Buffer): Buffer {
  if (bytes.length > 255) throw new RangeError('too long for this');
  const head = [0x28, 0xb5, 0x2f, 0xfd, 0x20, bytes.length];
  const block = (bytes.length << 3) | 1;
  return Buffer.concat([Buffer.from([...head, block & 0xff, block >> 8, 0]), bytes]);
}
