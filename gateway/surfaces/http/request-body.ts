import { RpcError } from '../../status/index.js';
import type { MethodRequest } from '../exchange/index.js';
import { BodyReader, type ReadAhead } from './body-reader.js';
import { InflatedBody } from './inflated-body.js';
import type { WholeBody } from './whole-body.js';

/** A request body as its readers see it, whatever its encoding. Whoever opens one calls `close`. */
export interface RequestBody {
  /** See `BodyReader.read`. */
  read(isMidMessage: boolean): Promise<Buffer | undefined>;
  /** More bytes, if they are here already. */
  take(): Buffer | undefined;
  /** A message is whole: the next one has its time anew. */
  messageEnded(): void;
  /** The whole body, which is one message: see `BodyReader.readAll`. */
  readAll(whole: WholeBody): Promise<Buffer>;
  /** Nobody will read any more. */
  close(): void;
}

/** The body of a request whose encoding is taken: see `assertEncodingTaken`. `readAhead`: see `BodyReader`. */
export function openBody({ http, limits, pace }: MethodRequest, readAhead: ReadAhead = {}): RequestBody {
  return codingOf(http.headers['content-encoding']) === 'gzip'
    ? new InflatedBody(new BodyReader(http, limits, { pace }), limits.maxMessageBytes)
    : new BodyReader(http, limits, { ...readAhead, pace });
}

/** Throws 415 for a body in any encoding but gzip, once. Source: RFC 9110 section 12.5.3, `Accept-Encoding` in a response. */
export function assertEncodingTaken(header: string | undefined): void {
  const coding = codingOf(header);
  if (coding === 'identity' || coding === 'gzip') return;
  throw new RpcError(
    'UNSUPPORTED_CONTENT_ENCODING',
    'header content-encoding: send the request body with gzip, or uncompressed',
    { headers: { 'accept-encoding': 'gzip, identity' } },
  );
}

function codingOf(header: string | undefined): string {
  const coding = header?.trim().toLowerCase() || 'identity';
  // Source: RFC 9110 section 8.4.1.3.
  return coding === 'x-gzip' ? 'gzip' : coding;
}
