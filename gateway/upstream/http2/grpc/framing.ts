import type { SendBatch } from '../../transport.js';
import { PREFIX_BYTES } from './prefix.js';

/**
 * Up to here a batch is copied into one buffer: a copy of this size costs less than a further frame. Larger
 * messages are handed over as they are, each after its prefix.
 */
const JOIN_BYTES = 32 * 1024;
/** Up to here the first piece of a message is copied behind its prefix. */
const SHORT_BYTES = 128;

/** The buffers to write for a batch, in order. The messages must not change afterwards. */
export function frameBatch(batch: SendBatch): Buffer[] {
  let total = 0;
  for (const message of batch) total += PREFIX_BYTES + lengthOf(message);
  if (total <= JOIN_BYTES) return [join(batch, 0, batch.length, total)];
  const buffers: Buffer[] = [];
  for (let at = 0; at < batch.length; ) {
    // As many as may be joined: small ones would be two buffers each.
    let end = at;
    let bytes = 0;
    for (; end < batch.length; end += 1) {
      const more = PREFIX_BYTES + lengthOf(batch[end] as SendBatch[number]);
      if (bytes + more > JOIN_BYTES) break;
      bytes += more;
    }
    if (end > at + 1) buffers.push(join(batch, at, end, bytes));
    else pushFramed(buffers, batch[at] as SendBatch[number]);
    at = Math.max(end, at + 1);
  }
  return buffers;
}

/** Messages of so many bytes together, prefixes included, as one buffer. */
function join(batch: SendBatch, from: number, to: number, bytes: number): Buffer {
  const joined = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (let index = from; index < to; index += 1) {
    const message = batch[index] as SendBatch[number];
    at = writePrefix(joined, at, lengthOf(message));
    // No array around a lone piece: this is the way of every small message.
    if (message instanceof Uint8Array) at = append(joined, at, message);
    else for (const piece of message) at = append(joined, at, piece);
  }
  return joined;
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

/** Writes the prefix of a message of so many bytes, and returns where it ends. */
export function writePrefix(into: Buffer, at: number, length: number): number {
  into[at] = 0;
  return into.writeUInt32BE(length, at + 1);
}
