import type { Transform } from 'node:stream';
import { constants, createBrotliCompress, createGzip } from 'node:zlib';
import type { ContentCoding } from './compress-whole.js';
import { zstd, zstdParams } from './zstd.js';

/** What all encoders of streams together may hold, in bytes. A stream that begins beyond it is sent as it is. */
const MOST_HELD_BYTES = 128 * 1024 * 1024;
/** What an encoder makes at once, in bytes; it has the room for it from the start. */
const PIECE_BYTES = 4 * 1024;

interface EncoderKind {
  /** What one holds, measured, with its objects. */
  readonly heldBytes: number;
  /** Makes one that holds nothing back: whatever is written is decodable when the write is over. */
  open(): Transform;
}

/** Small windows: messages of one stream are alike, and what is like the next one is not far behind it. */
const KINDS: Readonly<Record<ContentCoding, EncoderKind>> = {
  gzip: {
    heldBytes: 200 * 1024,
    open: () =>
      createGzip({
        level: 4,
        windowBits: 13,
        memLevel: 6,
        chunkSize: PIECE_BYTES,
        flush: constants.Z_SYNC_FLUSH,
      }),
  },
  br: {
    heldBytes: 352 * 1024,
    open: () =>
      createBrotliCompress({
        chunkSize: PIECE_BYTES,
        flush: constants.BROTLI_OPERATION_FLUSH,
        params: {
          [constants.BROTLI_PARAM_QUALITY]: 3,
          [constants.BROTLI_PARAM_LGWIN]: 14,
          [constants.BROTLI_PARAM_LGBLOCK]: 16,
        },
      }),
  },
  zstd: {
    heldBytes: 208 * 1024,
    open() {
      if (zstd === undefined) throw new Error('this Node has no Zstandard');
      const { ZSTD_e_flush: flush } = zstd.constants;
      return zstd.createZstdCompress({ chunkSize: PIECE_BYTES, flush, params: zstdParams(zstd, 14) });
    },
  },
};

let heldBytes = 0;

/** An encoder of one stream. Whoever takes one gives it back. */
export interface StreamEncoder {
  readonly transform: Transform;
  /** Frees it. May be called again. */
  close(): void;
}

/** `undefined` while the encoders of other streams hold all that there is for them. */
export function takeEncoder(coding: ContentCoding): StreamEncoder | undefined {
  const kind = KINDS[coding];
  if (heldBytes + kind.heldBytes > MOST_HELD_BYTES) return undefined;
  heldBytes += kind.heldBytes;
  const transform = kind.open();
  let isOpen = true;
  return {
    transform,
    close() {
      if (!isOpen) return;
      isOpen = false;
      heldBytes -= kind.heldBytes;
      transform.destroy();
    },
  };
}

/** What the encoders of all streams hold now, in bytes. */
export function heldByEncoders(): number {
  return heldBytes;
}
