import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

/**
 * Turns an item's data into its result, or throws a `BatchItemError` when the data is not what the type says. A result
 * other than undefined is kept.
 */
export type BatchProcessor = (data: Buffer) => Promise<Buffer | undefined> | Buffer | undefined;

/** The item's data is not what its type says; the item fails, the batch goes on. */
export class BatchItemError extends Error {
  override readonly name = 'BatchItemError';
}

/** The largest result that is kept, in bytes; an item with a larger one fails. A few kilobytes of gzip can become gigabytes. */
export const MAX_RESULT_BYTES = 1_048_576;

/**
 * BatchProcessors, by `type`:
 *
 * | type | what it does | fails when | result kept |
 * |---|---|---|---|
 * | `json` | parses | not UTF-8, not JSON | no |
 * | `text` | decodes | not UTF-8 | no |
 * | `uppercase` | turns text to upper case | not UTF-8 | the text |
 * | `checksum` | SHA-256 | never | the digest in lower-case hexadecimal |
 * | `gzip` | compresses | never | the gzip file |
 * | `gunzip` | unpacks and checks the CRC | damaged, not gzip, more than 1 MiB unpacked | what was inside |
 * | `store` | nothing | never | the data itself |
 *
 * A result over 1 MiB fails its item.
 */
export const BATCH_PROCESSORS: ReadonlyMap<string, BatchProcessor> = new Map<string, BatchProcessor>([
  ['json', (data) => void parseJson(data)],
  ['text', (data) => void decodeText(data)],
  ['uppercase', (data) => Buffer.from(decodeText(data).toUpperCase())],
  ['checksum', (data) => Buffer.from(createHash('sha256').update(data).digest('hex'))],
  ['gzip', (data) => promisify(gzip)(data)],
  ['gunzip', unpack],
  ['store', (data) => data],
]);

function decodeText(data: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch (error) {
    throw new BatchItemError('data: is not UTF-8', { cause: error });
  }
}

function parseJson(data: Buffer): unknown {
  const text = decodeText(data);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BatchItemError('data: is not JSON', { cause: error });
  }
}

async function unpack(data: Buffer): Promise<Buffer> {
  try {
    return await promisify(gunzip)(data, { maxOutputLength: MAX_RESULT_BYTES });
  } catch (error) {
    throw new BatchItemError('data: is not gzip, or more than 1 MiB unpacked', { cause: error });
  }
}
