import type { IncomingMessage } from 'node:http';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { chooseCoding, forbidsTransform } from '../../wire/index.js';
import type { HttpReply } from './http-reply.js';
import { zstd, zstdParams } from './zstd.js';

export type ContentCoding = 'gzip' | 'br' | 'zstd';

/** What answers may be encoded with, best first between equals: gzip costs the least memory, and at these levels is as small. */
export const CODINGS: readonly ContentCoding[] = [
  'gzip',
  'br',
  ...(zstd === undefined ? [] : ['zstd' as const]),
];

/** Below, in bytes, a body is sent as it is: it fits into one packet with its head anyway. */
export const LEAST_COMPRESSED_BYTES = 1024;

/** How many bodies are made smaller at once. Each may hold some hundred KiB beside the body, and the pool of threads works on four. */
const MOST_AT_ONCE = 8;

/** Fast ones: the next steps take twice the time for a few per cent. Windows of 32 and 64 KiB. */
const ENCODERS: Readonly<
  Record<ContentCoding, (bytes: Buffer, done: (error: Error | null, smaller: Buffer) => void) => void>
> = {
  gzip: (bytes, done) => gzip(bytes, { level: 4 }, done),
  br(bytes, done) {
    const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = constants;
    const params = {
      [BROTLI_PARAM_QUALITY]: 4,
      [BROTLI_PARAM_LGWIN]: 16,
      [BROTLI_PARAM_SIZE_HINT]: bytes.length,
    };
    brotliCompress(bytes, { params }, done);
  },
  zstd(bytes, done) {
    if (zstd === undefined) done(new Error('this Node has no Zstandard'), bytes);
    else zstd.zstdCompress(bytes, { params: zstdParams(zstd, 16) }, done);
  },
};

/**
 * How the answer to a request may be encoded; `undefined`: not at all. Nothing is for who asks for no transformation, nor for a page of
 * another site that is not allowed to read the answer: it may have put something into the request, and its length would tell what else is in there (BREACH).
 */
export function codingFor(
  { headers }: IncomingMessage,
  reply: Pick<HttpReply, 'getHeader'>,
): ContentCoding | undefined {
  const accepted = headers['accept-encoding'];
  if (accepted === undefined || forbidsTransform(headers['cache-control'])) return undefined;
  const isForeign =
    headers['sec-fetch-site'] === 'cross-site' &&
    reply.getHeader('access-control-allow-origin') === undefined;
  return isForeign ? undefined : chooseCoding(accepted, CODINGS);
}

let atOnce = 0;

/** The encoded body; `undefined` where that is not smaller, or too many are being made. Never rejects. */
export function compressed(body: Buffer, coding: ContentCoding): Promise<Buffer | undefined> {
  if (atOnce >= MOST_AT_ONCE) return Promise.resolve(undefined);
  atOnce += 1;
  return new Promise((resolve) => {
    ENCODERS[coding](body, (error, smaller) => {
      atOnce -= 1;
      resolve(error === null && smaller.length < body.length ? smaller : undefined);
    });
  });
}

/** An answer depends on Accept-Encoding too, whichever it is. */
export function varyByEncoding(reply: Pick<HttpReply, 'getHeader' | 'header'>): void {
  const before = reply.getHeader('vary');
  reply.header('vary', before === undefined ? 'Accept-Encoding' : `${before}, Accept-Encoding`);
}
