import { crc32 } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { CoreError } from '../base/index.js';

const CHECKSUM_BYTES = 4;

/**
 * Bytes as they are stored: a CRC-32 of key and bytes before them. With the key, so that a value that turns up under another key is found out as well.
 */
export function seal(key: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const stored = Buffer.allocUnsafe(parts.reduce((sum, part) => sum + part.byteLength, CHECKSUM_BYTES));
  let at = CHECKSUM_BYTES;
  for (const part of parts) {
    stored.set(part, at);
    at += part.byteLength;
  }
  stored.writeUInt32BE(checksumOf(key, stored.subarray(CHECKSUM_BYTES)));
  return stored;
}

/** What was sealed, as part of the same memory. DATA_LOSS when it is not what was sealed under that key. */
export function unseal(key: string, stored: Uint8Array): Uint8Array {
  const bytes = stored.subarray(CHECKSUM_BYTES);
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
  if (stored.byteLength < CHECKSUM_BYTES || view.getUint32(0) !== checksumOf(key, bytes)) {
    throw damaged(`the checksum of ${key} is wrong`);
  }
  return bytes;
}

/** The store does not have what was put into it; `detail` is for the log. */
export function damaged(detail: string, cause?: unknown): CoreError {
  return new CoreError(status.DATA_LOSS, 'the stored data is damaged', {
    cause: new Error(detail, { cause }),
  });
}

function checksumOf(key: string, bytes: Uint8Array): number {
  return crc32(bytes, crc32(key));
}
