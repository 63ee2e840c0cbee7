import { Batch } from '../../upstream/index.js';

const LENGTH_BYTES = 4;

/** The messages of a batch that may be taken now, each behind its length: 32 bits, big-endian. They are not taken by it. */
export function packBatch(batch: Batch): Buffer {
  let size = 0;
  for (let index = batch.at; index < batch.limit; index += 1)
    size += LENGTH_BYTES + batch.endOf(index) - batch.startOf(index);
  const packed = Buffer.allocUnsafe(size);
  let at = 0;
  for (let index = batch.at; index < batch.limit; index += 1) {
    const message = batch.message(index);
    at = packed.writeUInt32BE(message.length, at);
    packed.set(message, at);
    at += message.length;
  }
  return packed;
}

/** The messages that were packed, in the memory where they lie, without the first `skip` of them. Throws for what nobody has packed. */
export function unpackBatch(packed: Buffer, skip = 0): Batch {
  const bounds: number[] = [];
  let bytes = 0;
  let left = skip;
  for (let at = 0; at < packed.length; ) {
    const start = at + LENGTH_BYTES;
    const end = start <= packed.length ? start + packed.readUInt32BE(at) : Number.POSITIVE_INFINITY;
    if (end > packed.length) throw new RangeError('a piece of a shared journal is cut off');
    at = end;
    if (left-- > 0) continue;
    bounds.push(start, end);
    bytes += end - start;
  }
  return new Batch(packed, bounds, bytes);
}
