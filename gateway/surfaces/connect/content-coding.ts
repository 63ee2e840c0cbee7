import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** Below this an answer gains less than it costs both sides, in bytes. */
const LEAST_BYTES = 1_024;

/** More than any client sends; what follows in a hostile header is not looked at. */
const MOST_CODINGS = 32;

/** Whether a list of codings that a client takes has gzip. Source: RFC 9110 section 12.5.3. */
export function takesGzip(accepted: string | undefined): boolean {
  if (accepted === undefined) return false;
  return accepted.split(',', MOST_CODINGS).some((part) => {
    const [name = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    return name === 'gzip' && !parameters.some((parameter) => /^q=0(\.0{0,3})?$/.test(parameter));
  });
}

/** In the pool of threads: a large answer must not stop everybody else. */
const compress = promisify(gzip) as (bytes: Uint8Array) => Promise<Buffer>;

/** Bytes as gzip; `undefined` where that is not worth it. */
export async function gzipped(bytes: Uint8Array): Promise<Buffer | undefined> {
  if (bytes.length < LEAST_BYTES) return undefined;
  const compressed = await compress(bytes);
  return compressed.length < bytes.length ? compressed : undefined;
}
