import type { OutgoingHttpHeaders } from 'node:http';
import type { Registry } from '@bufbuild/protobuf';
import type { FastifyReply } from 'fastify';
import { httpStatusFromCode, type Metadata, type RpcError, type Status } from '../../status/index.js';
import { noteOpenEnded } from '../liveness/index.js';
import { errorJson, metadataHeaders, REASON_HEADER, retryDelayMs } from '../message/index.js';

/** Initial metadata, and trailers of an answer that is sent when they are known, as headers. Once an answer. */
export function headersFromMetadata(
  reply: FastifyReply,
  metadata: Metadata | undefined,
  trailers: Metadata = [],
): OutgoingHttpHeaders {
  const { headers, leftOut } = metadataHeaders(metadata ?? [], trailers);
  warnLeftOut(reply, leftOut);
  return expose(reply, headers);
}

/** A page of another origin may read only headers that are named, and a wildcard within a name is not allowed. */
function expose(reply: FastifyReply, headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const exposed = reply.getHeader('access-control-expose-headers');
  const names = Object.keys(headers);
  if (exposed !== undefined && names.length > 0) {
    reply.header('access-control-expose-headers', [exposed, ...names].join(', '));
  }
  return headers;
}

/** Answers that have been warned of. */
const warned = new WeakSet<FastifyReply>();

/** Logs that metadata is left out of an answer: one line an answer, whatever its service sends. */
export function warnLeftOut(reply: FastifyReply, names: readonly string[]): void {
  if (names.length === 0 || warned.has(reply)) return;
  warned.add(reply);
  reply.log.warn(
    { requestId: reply.request.id, metadata: names },
    'metadata dropped: too large, or not a valid header value',
  );
}

/** Sends a failure as an HTTP error; `failure` when it is of our own making, and HTTP says more of it. Only while the head has not been sent. */
export function sendError(
  reply: FastifyReply,
  status: Status,
  registry: Registry,
  failure?: Pick<RpcError, 'httpStatus' | 'headers'>,
): void {
  const httpStatus = failure?.httpStatus;
  const delayMs = retryDelayMs(status, registry);
  if (delayMs !== undefined) reply.header('retry-after', Math.ceil(delayMs / 1_000));
  reply
    .headers(failure?.headers ?? {})
    .code(httpStatus ?? httpStatusFromCode(status.code))
    .headers(headersFromMetadata(reply, undefined, status.trailers))
    .header('grpc-status', status.code)
    .headers(status.reason === undefined ? {} : { [REASON_HEADER]: status.reason })
    .header('cache-control', 'no-store')
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(errorJson(status, registry, httpStatus)));
}

/** Asks those in between to pass on each piece as it comes. Source: RFC 10036. */
const INCREMENTAL = { incremental: '?1' };

/**
 * Takes the response out of Fastify's hands and sends the head of a stream. Fastify's own way of sending streams can neither
 * break a transfer after its last bytes nor say when there is room; what hooks have set (CORS) is kept.
 */
export function startStream(reply: FastifyReply, headers: OutgoingHttpHeaders): void {
  const hooked = reply.getHeaders() as OutgoingHttpHeaders;
  reply.hijack();
  reply.raw.writeHead(200, { ...hooked, ...INCREMENTAL, ...headers });
  noteOpenEnded(reply.raw);
}
