import type { BigIntStats } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { CoreError } from '../base/index.js';
import { codeOf } from './file-error.js';
import { Folder } from './folder.js';

/** Bytes a checksum is of. Nothing of a block is given out before all of it was checked. */
export const BLOCK_BYTES = 65_536;
const magic = Buffer.from('slucrc1\n');
/** Magic, bytes of the file, a CRC-32 of that and of what follows: one CRC-32 a block. */
const headBytes = magic.byteLength + 12;

/** A CRC-32 of each block of a file. Holds 4 bytes for each 64 KiB of it. */
export interface BlockSums {
  readonly bytes: number;
  readonly sums: readonly number[];
}

/** Takes a file as it comes, in pieces of any size. */
export class BlockSummer {
  readonly #sums: number[] = [];
  #bytes = 0;

  add(data: Uint8Array): void {
    for (let at = 0; at < data.byteLength; ) {
      const within = this.#bytes % BLOCK_BYTES;
      const piece = data.subarray(at, at + BLOCK_BYTES - within);
      if (within === 0) this.#sums.push(0);
      this.#sums.push(crc32(piece, this.#sums.pop() ?? 0));
      this.#bytes += piece.byteLength;
      at += piece.byteLength;
    }
  }

  result(): BlockSums {
    return { bytes: this.#bytes, sums: this.#sums };
  }
}

/**
 * The checksums of the files that were uploaded, by what they are and not by their names: a file keeps them when a folder is renamed, and one that somebody puts in its
 * place has none. Whoever opens it closes it.
 */
export class Checksums {
  readonly #folder: Folder;

  private constructor(folder: Folder) {
    this.#folder = folder;
  }

  /** Makes the folder when it is missing. */
  static async at(directory: string): Promise<Checksums> {
    await mkdir(directory, { recursive: true });
    return new Checksums(await Folder.open(directory));
  }

  /** Resolves when they are on disk. */
  async store(file: BigIntStats, { bytes, sums }: BlockSums): Promise<void> {
    const content = Buffer.alloc(headBytes + 4 * sums.length);
    magic.copy(content);
    content.writeBigUInt64BE(BigInt(bytes), magic.byteLength);
    for (const [index, sum] of sums.entries()) content.writeUInt32BE(sum, headBytes + 4 * index);
    content.writeUInt32BE(sumOf(content), headBytes - 4);
    const temporary = this.#folder.at(`${nameOf(file)}.new`);
    try {
      const handle = await open(temporary, 'w');
      try {
        await handle.writeFile(content);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, this.#folder.at(nameOf(file)));
      await this.#folder.sync();
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** Those of an opened file; undefined when it was not uploaded. DATA_LOSS when they are damaged, or the file has another size. */
  async of(file: BigIntStats): Promise<BlockSums | undefined> {
    const content = await readFile(this.#folder.at(nameOf(file))).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (content === undefined) return undefined;
    const whole =
      content.byteLength >= headBytes &&
      content.subarray(0, magic.byteLength).equals(magic) &&
      content.readUInt32BE(headBytes - 4) === sumOf(content);
    if (!whole || content.readBigUInt64BE(magic.byteLength) !== file.size) throw notAsUploaded();
    const sums: number[] = [];
    for (let at = headBytes; at < content.byteLength; at += 4) sums.push(content.readUInt32BE(at));
    return { bytes: Number(file.size), sums };
  }

  /** For a file that is gone. */
  async remove(file: BigIntStats): Promise<void> {
    await rm(this.#folder.at(nameOf(file)), { force: true });
  }

  async close(): Promise<void> {
    await this.#folder.close();
  }
}

/** Throws DATA_LOSS unless these are the blocks that begin at that place, which is the beginning of one. */
export function assertBlocks({ sums }: BlockSums, position: number, blocks: Buffer): void {
  for (let at = 0; at < blocks.byteLength; at += BLOCK_BYTES) {
    const sum = sums[(position + at) / BLOCK_BYTES];
    if (crc32(blocks.subarray(at, at + BLOCK_BYTES)) !== sum) throw notAsUploaded();
  }
}

function notAsUploaded(): CoreError {
  return new CoreError(
    status.DATA_LOSS,
    'file_path: the file is not what was uploaded, its checksum is wrong: upload it again, or put another file in its place',
  );
}

function sumOf(content: Buffer): number {
  return crc32(content.subarray(headBytes), crc32(content.subarray(0, headBytes - 4)));
}

/** With the time it was made, because the number alone may be given to another file later. */
function nameOf({ ino, birthtimeNs }: BigIntStats): string {
  return `${ino}-${birthtimeNs}`;
}
