import { maskedCrc32c } from './crc32c.js';
import { unsnap } from './snappy.js';

/** LevelDB, doc/table_format.md: blocks, each followed by its kind and a checksum, and a footer that says where the block is that lists them. */
const FOOTER_BYTES = 48;
const MAGIC = 0xdb4775248b80fb57n;
const TRAILER_BYTES = 5;
const SNAPPY_KIND = 1;

interface Handle {
  readonly offset: number;
  readonly size: number;
}

/**
 * Where one of LevelDB's tables is damaged, as an offset; undefined when it is whole. LevelDB itself does not look when it reads, and may end the
 * process on what it finds. A file without an end is one that a killed process left, which LevelDB removes; if it is not, LevelDB says so when it reads.
 */
export function damageOfTable(file: Buffer): number | undefined {
  const footer = file.byteLength - FOOTER_BYTES;
  if (footer < 0 || file.readBigUInt64LE(file.byteLength - 8) !== MAGIC) return undefined;
  const reader = new VarintReader(file, footer);
  const meta = reader.handle();
  const index = reader.handle();
  for (const handle of [meta, index]) if (!isWhole(file, handle)) return handle.offset;
  try {
    for (const block of [meta, index]) {
      for (const handle of handlesIn(contentOf(file, block)))
        if (!isWhole(file, handle)) return handle.offset;
    }
  } catch {
    return index.offset;
  }
  return undefined;
}

function isWhole(file: Buffer, { offset, size }: Handle): boolean {
  const end = offset + size;
  if (end + TRAILER_BYTES > file.byteLength) return false;
  return file.readUInt32LE(end + 1) === maskedCrc32c(file, offset, end + 1);
}

function contentOf(file: Buffer, { offset, size }: Handle): Buffer {
  const content = file.subarray(offset, offset + size);
  return file[offset + size] === SNAPPY_KIND ? unsnap(content) : content;
}

/** The values of a block's entries, which are places of blocks in this kind. Throws a RangeError when they are not. */
function* handlesIn(block: Buffer): Generator<Handle> {
  const restarts = block.readUInt32LE(block.byteLength - 4);
  const end = block.byteLength - 4 * (restarts + 1);
  const reader = new VarintReader(block, 0);
  while (reader.at < end) {
    reader.next();
    const keyBytes = reader.next();
    const valueBytes = reader.next();
    reader.at += keyBytes;
    const valueEnd = reader.at + valueBytes;
    yield reader.handle();
    reader.at = valueEnd;
  }
}

class VarintReader {
  at: number;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  handle(): Handle {
    return { offset: this.next(), size: this.next() };
  }

  /** Throws a RangeError at the end of the bytes. */
  next(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes.readUInt8(this.at);
      this.at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }
}
