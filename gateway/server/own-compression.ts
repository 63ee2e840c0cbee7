import type { FastifyInstance } from 'fastify';
import {
  CODINGS,
  type ContentCoding,
  codingFor,
  compressed,
  LEAST_COMPRESSED_BYTES,
  varyByEncoding,
} from '../surfaces/index.js';

/** Documents that are kept, encoded once for each coding; they go with them. */
const KEPT = new WeakMap<Buffer, Map<ContentCoding, Promise<Buffer | undefined>>>();

/**
 * Compresses what Fastify sends itself and is all here: our documents and the page. An ETag is that of the encoded bytes then: two
 * representations must not share a strong one. Source: RFC 9110 section 8.8.3.3.
 */
export function registerOwnCompression(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const { method } = request;
    if ((method !== 'GET' && method !== 'HEAD') || reply.hasHeader('content-encoding')) return payload;
    const etag = reply.getHeader('etag');
    if (reply.statusCode === 304 && etag !== undefined) {
      varyByEncoding(reply);
      const coding = codingOfTag(request.headers['if-none-match'], String(etag));
      if (coding !== undefined) reply.header('etag', encodedTag(String(etag), coding));
      return payload;
    }
    if (reply.statusCode !== 200) return payload;
    const body = typeof payload === 'string' ? Buffer.from(payload) : payload;
    if (!Buffer.isBuffer(body) || body.length < LEAST_COMPRESSED_BYTES) return payload;
    varyByEncoding(reply);
    const coding = codingFor(request.raw, reply);
    const smaller = coding && (await encodedOnce(body, coding));
    if (coding === undefined || smaller === undefined) return payload;
    reply.header('content-encoding', coding).header('content-length', smaller.length);
    if (etag !== undefined) reply.header('etag', encodedTag(String(etag), coding));
    return smaller;
  });
}

async function encodedOnce(body: Buffer, coding: ContentCoding): Promise<Buffer | undefined> {
  const known = KEPT.get(body) ?? new Map<ContentCoding, Promise<Buffer | undefined>>();
  KEPT.set(body, known);
  const encoded = known.get(coding) ?? compressed(body, coding);
  known.set(coding, encoded);
  const smaller = await encoded;
  // There was no room; the next one tries again.
  if (smaller === undefined) known.delete(coding);
  return smaller;
}

function encodedTag(etag: string, coding: ContentCoding): string {
  return etag.replace(/"$/, `-${coding}"`);
}

/** Which encoding of a representation an If-None-Match names. */
function codingOfTag(header: string | undefined, etag: string): ContentCoding | undefined {
  return CODINGS.find((coding) => header?.includes(encodedTag(etag, coding)));
}

/** The tag of a representation, whatever its encoding. */
export function plainTag(tag: string): string {
  return tag.replace(/-(?:gzip|br|zstd)"$/, '"');
}
