/** What LevelDB compresses is at most a block of some kilobytes; more is none of it. */
const MAX_BYTES = 16_777_216;

/** Unpacks one block of snappy's raw format (google/snappy, format_description.txt). Throws a RangeError when it is none. */
export function unsnap(packed: Buffer): Buffer {
  let at = 0;
  let length = 0;
  for (let factor = 1; ; factor *= 128) {
    const byte = packed.readUInt8(at++);
    length += (byte & 0x7f) * factor;
    if (byte < 0x80) break;
  }
  if (length > MAX_BYTES) throw new RangeError('a block of more than 16 MiB');
  const unpacked = Buffer.alloc(length);
  let to = 0;
  while (at < packed.byteLength) {
    const tag = packed.readUInt8(at++);
    const kind = tag & 3;
    let count = (tag >> 2) + 1;
    if (kind === 0) {
      const extra = count - 60;
      if (extra > 0) {
        count = packed.readUIntLE(at, extra) + 1;
        at += extra;
      }
      if (at + count > packed.byteLength || to + count > length)
        throw new RangeError('a literal is too long');
      packed.copy(unpacked, to, at, at + count);
      at += count;
      to += count;
      continue;
    }
    let offset: number;
    if (kind === 1) {
      count = ((tag >> 2) & 7) + 4;
      offset = (tag >> 5) * 256 + packed.readUInt8(at);
      at += 1;
    } else {
      const width = kind === 2 ? 2 : 4;
      offset = packed.readUIntLE(at, width);
      at += width;
    }
    if (offset === 0 || offset > to || to + count > length) throw new RangeError('a copy is out of range');
    // One byte after another: a copy may repeat what it has just written.
    for (const end = to + count; to < end; to += 1) unpacked[to] = unpacked[to - offset] ?? 0;
  }
  if (to !== length) throw new RangeError('a block is too short');
  return unpacked;
}
