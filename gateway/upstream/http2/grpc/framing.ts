import type { SendBatch } from '../../transport.js';
import { PREFIX_BYTES } from './prefix.js';

/**
 * Up to here a batch is copied into one buffer: a copy of this size costs less than a further frame. Larger
 * ones are handed over as they are, each after its prefix.
 */
const JOIN_BYTES = 32 * 1024;

/** The buffers to write for a batch, in order. The messages must not change afterwards. */
export function frameBatch(batch: SendBatch): Buffer[] {
  let total = 0;
  for (const message of batch) total += PREFIX_BYTES + lengthOf(message);
  if (total <= JOIN_BYTES) {
    const joined = Buffer.allocUnsafe(total);
    let at = 0;
    for (const message of batch) {
      at = writePrefix(joined, at, lengthOf(message));
      // No array around a lone piece: this is the way of every small message.
      if (message instanceof Uint8Array) at = append(joined, at, message);
      else for (const piece of message) at = append(joined, at, piece);
    }
    return [joined];
  }
  const buffers: Buffer[] = [];
  for (const message of batch) {
    const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
    writePrefix(prefix, 0, lengthOf(message));
    buffers.push(prefix);
    for (const piece of message instanceof Uint8Array ? [message] : message)
      buffers.push(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
  }
  return buffers;
}

function append(into: Buffer, at: number, piece: Uint8Array): number {
  into.set(piece, at);
  return at + piece.length;
}

function lengthOf(message: SendBatch[number]): number {
  if (message instanceof Uint8Array) return message.length;
  let length = 0;
  for (const piece of message) length += piece.length;
  return length;
}

function writePrefix(into: Buffer, at: number, length: number): number {
  into[at] = 0;
  return into.writeUInt32BE(length, at + 1);
}
