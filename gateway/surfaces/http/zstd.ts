import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';

/** Zstandard of Node's library, as far as it is used here: the types of Node 20 do not know it. */
interface Zstd {
  readonly createZstdCompress: (options: object) => Transform;
  readonly zstdCompress: (
    bytes: Buffer,
    options: object,
    done: (error: Error | null, smaller: Buffer) => void,
  ) => void;
  readonly constants: {
    readonly ZSTD_e_flush: number;
    readonly ZSTD_c_compressionLevel: number;
    readonly ZSTD_c_windowLog: number;
    readonly ZSTD_c_hashLog: number;
    readonly ZSTD_c_chainLog: number;
  };
}

/** `undefined` where Node has none: before 22.15. */
export const zstd: Zstd | undefined = 'createZstdCompress' in zlib ? (zlib as unknown as Zstd) : undefined;

/** Level 3 with a window and tables of so many bits: by itself it takes a megabyte. */
export function zstdParams({ constants }: Zstd, windowLog: number): Readonly<Record<number, number>> {
  return {
    [constants.ZSTD_c_compressionLevel]: 3,
    [constants.ZSTD_c_windowLog]: windowLog,
    [constants.ZSTD_c_hashLog]: windowLog - 1,
    [constants.ZSTD_c_chainLog]: windowLog - 1,
  };
}
