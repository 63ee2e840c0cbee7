import type { OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http';
import type { Registry } from '@bufbuild/protobuf';
import {
  httpStatusFromCode,
  httpStatusOfReason,
  type Metadata,
  type RpcError,
  retryAfterOfReason,
  type Status,
} from '../../status/index.js';
import type { MethodRequest } from '../exchange/index.js';
import { noteOpenEnded } from '../liveness/index.js';
import { errorJson, metadataHeaders, REASON_HEADER, retryDelayMs } from '../message/index.js';
import { codingFor, compressed, LEAST_COMPRESSED_BYTES, varyByEncoding } from './compress-whole.js';
import type { HttpReply } from './http-reply.js';

/** Initial metadata, and trailers of an answer that is sent when they are known, as headers. Once an answer. */
export function headersFromMetadata(
  reply: HttpReply,
  metadata: Metadata | undefined,
  trailers: Metadata = [],
): OutgoingHttpHeaders {
  const { headers, leftOut } = metadataHeaders(metadata ?? [], trailers);
  warnLeftOut(reply, leftOut);
  exposeNames(reply, Object.keys(headers));
  return headers;
}

/** A page of another origin may read only headers that are named, and a wildcard within a name is not allowed. */
export function exposeNames(reply: HttpReply, names: readonly string[]): void {
  if (names.length === 0) return;
  const exposed = reply.getHeader('access-control-expose-headers');
  if (exposed !== undefined) {
    reply.header('access-control-expose-headers', [exposed, ...names].join(', '));
  }
}

/** Answers that have been warned of. */
const warned = new WeakSet<HttpReply>();

/** Logs that metadata is left out of an answer: one line an answer, whatever its service sends. */
export function warnLeftOut(reply: HttpReply, names: readonly string[]): void {
  if (names.length === 0 || warned.has(reply)) return;
  warned.add(reply);
  reply.log.warn(
    { requestId: reply.request.id, metadata: names },
    'metadata dropped: too large, or not a valid header value',
  );
}

/** Sends a failure as an HTTP error; `failure` when it is of our own making, and HTTP says more of it. Only while the head has not been sent. */
export function sendError(
  reply: HttpReply,
  status: Status,
  registry: Registry,
  failure?: Pick<RpcError, 'httpStatus' | 'headers'>,
): void {
  const trailers = headersFromMetadata(reply, undefined, status.trailers);
  sendErrorAnswer(reply, errorAnswer(status, registry, failure, trailers));
}

/** A failure as an answer, apart from what belongs to its request. */
export interface ErrorAnswer {
  readonly httpStatus: number;
  /** By name in lower case. */
  readonly headers: OutgoingHttpHeaders;
  readonly body?: string;
}

/** The failure as our own clients get it; `trailers`: headers of the service. Pure. */
export function errorAnswer(
  status: Status,
  registry: Registry,
  failure?: Pick<RpcError, 'httpStatus' | 'headers'>,
  trailers?: OutgoingHttpHeaders,
): ErrorAnswer {
  const { reason } = status;
  // What a recording says is no failure of this exchange, and has a reason of ours all the same.
  const httpStatus = failure?.httpStatus ?? (reason && httpStatusOfReason(reason));
  const retryAfter = reason && retryAfterOfReason(reason);
  const delayMs = retryDelayMs(status, registry);
  return {
    httpStatus: httpStatus ?? httpStatusFromCode(status.code),
    headers: {
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
      ...(delayMs !== undefined && { 'retry-after': String(Math.ceil(delayMs / 1_000)) }),
      ...failure?.headers,
      ...trailers,
      'grpc-status': status.code,
      ...(reason !== undefined && { [REASON_HEADER]: reason }),
      'cache-control': 'no-store',
      'content-type': 'application/json; charset=utf-8',
    },
    body: JSON.stringify(errorJson(status, registry, httpStatus)),
  };
}

/** Sends one. Only while the head has not been sent. */
export function sendErrorAnswer(reply: HttpReply, { httpStatus, headers, body }: ErrorAnswer): void {
  reply.code(httpStatus).headers(headers).send(body);
}

/** Up to here a body is sent as one text with its head: two buffers more in a system call cost more than copying it. */
const COPY_BYTES = 16 * 1024;

/** As `sendWhole`, compressed where it is worth it and the client takes it. Resolves when it is written, or the client has left. */
export async function sendSmaller(
  { http, compress }: Pick<MethodRequest, 'http' | 'compress'>,
  reply: HttpReply,
  type: string,
  headers: OutgoingHttpHeaders,
  body: Buffer,
): Promise<void> {
  if (compress === 'off' || body.length < LEAST_COMPRESSED_BYTES)
    return sendWhole(reply, type, headers, body);
  varyByEncoding(reply);
  const coding = codingFor(http, reply);
  const smaller = coding && (await compressed(body, coding));
  if (reply.raw.destroyed) return;
  if (smaller === undefined) sendWhole(reply, type, headers, body);
  else sendWhole(reply, type, { ...headers, 'content-encoding': coding }, smaller);
}

/**
 * Takes the response out of Fastify's hands and sends an answer that is all here: status 200, what hooks have set (CORS), `headers` and the
 * body, as one write.
 */
export function sendWhole(reply: HttpReply, type: string, headers: OutgoingHttpHeaders, body: Buffer): void {
  const lines: (string | string[])[] = [];
  addLines(lines, reply.getHeaders() as OutgoingHttpHeaders);
  addLines(lines, headers);
  lines.push('content-type', type, 'content-length', String(body.length));
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, lines as OutgoingHttpHeader[]);
  // Each byte is one character and becomes the same byte again.
  if (body.length <= COPY_BYTES) raw.end(body.toString('latin1'), 'latin1');
  else raw.end(body);
}

function addLines(lines: (string | string[])[], headers: OutgoingHttpHeaders): void {
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) lines.push(name, typeof value === 'number' ? String(value) : value);
  }
}

/**
 * Headers together; of one that is in several the last counts. Not a spread: for that V8 describes a new form of object with nearly every answer, which
 * takes ten times as long and stays until the next full collection. A name like "__proto__" is a header as well.
 */
export function joinedHeaders(...parts: readonly (OutgoingHttpHeaders | undefined)[]): OutgoingHttpHeaders {
  return Object.assign(Object.create(null), ...parts);
}

/** Asks those in between to pass on each piece as it comes. Source: RFC 10036. */
const INCREMENTAL = { incremental: '?1' };

/**
 * Takes the response out of Fastify's hands and sends the head of a stream. Fastify's own way of sending streams can neither
 * break a transfer after its last bytes nor say when there is room; what hooks have set (CORS) is kept. `withTrailers`:
 * trailers may follow the body, over HTTP/2.
 */
export function startStream(
  reply: HttpReply,
  headers: OutgoingHttpHeaders,
  { withTrailers = false } = {},
): void {
  const hooked = reply.getHeaders() as OutgoingHttpHeaders;
  reply.hijack();
  if (withTrailers) Object.assign(reply.raw, { withTrailers });
  reply.raw.writeHead(200, joinedHeaders(hooked, INCREMENTAL, headers));
  noteOpenEnded(reply.raw);
}
