import type { SendBatch } from '../../transport.js';
import { PREFIX_BYTES } from './prefix.js';

/**
 * Up to here a batch is copied into one buffer: a copy of this size costs less than a further frame. Larger
 * ones are handed over as they are, each after its prefix.
 */
const JOIN_BYTES = 32 * 1024;
/** Up to here the first piece of a message is copied behind its prefix. */
const SHORT_BYTES = 128;

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
  for (let at = 0; at < batch.length; at += 1) pushFramed(buffers, batch[at] as SendBatch[number]);
  return buffers;
}

/** Adds one message as it is, after its prefix. Loops, not rest and spread: V8 took eight times as long to compile those. */
function pushFramed(buffers: Buffer[], message: SendBatch[number]): void {
  if (message instanceof Uint8Array) {
    const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
    writePrefix(prefix, 0, message.length);
    buffers.push(prefix, bufferOf(message));
    return;
  }
  const first = message[0];
  // What stands in front of data is as short as the prefix: together they are one buffer less.
  const isShort = first !== undefined && first.length <= SHORT_BYTES;
  const prefix = Buffer.allocUnsafe(PREFIX_BYTES + (isShort ? first.length : 0));
  writePrefix(prefix, 0, lengthOf(message));
  if (isShort) prefix.set(first, PREFIX_BYTES);
  buffers.push(prefix);
  for (let at = isShort ? 1 : 0; at < message.length; at += 1)
    buffers.push(bufferOf(message[at] as Uint8Array));
}

function bufferOf(piece: Uint8Array): Buffer {
  return piece instanceof Buffer ? piece : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
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
