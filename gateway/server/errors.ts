import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { createRegistry } from '@bufbuild/protobuf';
import type { FastifyBaseLogger } from 'fastify';
import { peerOf, requestSource, type TrustedProxies } from '../security/index.js';
import { Code, codeName, httpStatusFromCode, isDefect, RpcError } from '../status/index.js';
import {
  cutConnection,
  cutRequest,
  errorJson,
  type HttpReply,
  protocolOf,
  REASON_HEADER,
} from '../surfaces/index.js';
import { parseTraceparent } from '../wire/index.js';
import { mayAnswerNow } from './connection-limits.js';
import { splitTarget } from './request-target.js';
import type { ServerRequest } from './server-request.js';

const NO_TYPES = createRegistry();

/** How long a client may take to close after an answer that ends its connection, in milliseconds. */
const LINGER_MS = 2_000;

/** What a refusal needs besides its request. */
export interface RefusalContext {
  /** They say who the client is. */
  readonly trustedProxies: TrustedProxies;
  /** Hears of each: see `Metrics`. */
  readonly countRefusal: (error: RpcError) => number;
}

/**
 * Fastify's own refusals as ours, without its text, which quotes the address with its query; anything else that is not an `RpcError` is
 * INTERNAL.
 */
function rpcErrorFrom(reason: unknown): RpcError {
  const { code, statusCode } = (reason ?? {}) as { code?: unknown; statusCode?: unknown };
  const isFastify = typeof code === 'string' && code.startsWith('FST_');
  if (isFastify && typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    const problem =
      code === 'FST_ERR_BAD_URL'
        ? 'the path is not percent-encoded UTF-8'
        : `the request is not valid HTTP: ${code}`;
    return new RpcError('INVALID_REQUEST', problem, { httpStatus: statusCode, cause: reason });
  }
  return RpcError.from(reason);
}

/**
 * What answers the heads that Node's parser has refused: there is no request and no reply to use, so the bytes are written here. The connection is
 * of no more use. While a response is in work on it, it is cut instead.
 */
export function clientErrorAnswer(
  log: FastifyBaseLogger,
  maxHeadBytes: number,
  { trustedProxies, countRefusal }: RefusalContext,
): (error: NodeJS.ErrnoException, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable || !mayAnswerNow(socket)) {
      cutConnection(socket);
      return;
    }
    const problem = problemOfHead(error.code, maxHeadBytes);
    const requestId = randomUUID();
    countRefusal(problem);
    logRefusal(log, { requestId, peer: peerOf(socket, trustedProxies).address }, problem);
    socket.end(textOfRefusal(problem, requestId));
    // The client has a moment to read it: a socket closed over unread bytes sends a reset, which takes the answer along.
    const timer = setTimeout(() => cutConnection(socket), LINGER_MS);
    socket.once('close', () => clearTimeout(timer));
  };
}

function problemOfHead(code: string | undefined, maxHeadBytes: number): RpcError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new RpcError(
        'HEAD_TOO_LARGE',
        `the request head is larger than ${maxHeadBytes} bytes: see --max-head-bytes`,
      );
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new RpcError(
        'CHUNK_EXTENSIONS_TOO_LARGE',
        'the chunk extensions of the request body are too large: send none',
      );
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new RpcError('HEAD_TIMEOUT', 'the request head did not arrive in time: see --request-head-ms');
    default:
      return new RpcError('INVALID_REQUEST', `this is not an HTTP request: ${code}`);
  }
}

function textOfRefusal(problem: RpcError, requestId: string): string {
  const httpStatus = statusOf(problem);
  const body = JSON.stringify(errorJson(problem.toStatus(), NO_TYPES, httpStatus));
  return [
    `HTTP/1.1 ${httpStatus} ${STATUS_CODES[httpStatus]}`,
    'connection: close',
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `grpc-status: ${problem.code}`,
    `${REASON_HEADER}: ${problem.reason}`,
    `x-request-id: ${requestId}`,
    '',
    body,
  ].join('\r\n');
}

function statusOf({ httpStatus, code }: RpcError): number {
  return httpStatus ?? httpStatusFromCode(code);
}

/** What of a request names it in the log. */
interface RequestName {
  readonly requestId: string;
  readonly peer: string;
  readonly httpMethod?: string;
  readonly path?: string;
  readonly traceId?: string | undefined;
}

/** Never with the query, which may hold a ticket or a token. */
function nameOf(
  { id, method, raw }: Omit<ServerRequest, 'ws' | 'log'>,
  trustedProxies: TrustedProxies,
): RequestName {
  const peer = requestSource(raw, trustedProxies).address;
  const { traceparent } = raw.headers;
  const traceId = typeof traceparent === 'string' ? parseTraceparent(traceparent)?.traceId : undefined;
  return { requestId: id, traceId, peer, httpMethod: method, path: splitTarget(raw.url)[0] };
}

/** One line for what never became an exchange: whose fault it is decides how loud. */
function logRefusal(
  log: FastifyBaseLogger,
  name: RequestName,
  error: RpcError,
  isTold = true,
  unlogged = 0,
): void {
  const httpStatus = statusOf(error);
  // By name: copying what names it would cost as much as all the rest.
  const line = {
    requestId: name.requestId,
    traceId: name.traceId,
    peer: name.peer,
    httpMethod: name.httpMethod,
    path: name.path,
    httpStatus,
    code: codeName(error.code),
    reason: error.reason,
    problem: isTold ? error.problem : undefined,
    refused: unlogged === 0 ? undefined : unlogged + 1,
  };
  if (httpStatus < 500) log.info(line, 'request refused');
  else log.warn(line, 'request refused');
}

/** The one place where a failure before the head becomes an answer, one line of log and one count. */
export function answerError(
  reason: unknown,
  request: Omit<ServerRequest, 'ws'>,
  reply: HttpReply,
  { trustedProxies, countRefusal }: RefusalContext,
): void {
  const error = rpcErrorFrom(reason);
  if (reply.sent || reply.raw.headersSent) {
    const name = nameOf(request, trustedProxies);
    request.log.error({ ...name, err: error }, 'request failed after its head was sent');
    cutRequest(request.raw);
    return;
  }
  const unlogged = countRefusal(error);
  const { code } = error;
  if (isDefect(error)) {
    const name = nameOf(request, trustedProxies);
    const line = { ...name, code: codeName(code), reason: error.reason, err: error };
    request.log.error(line, 'request failed');
  } else if (unlogged >= 0) {
    // What is wrong with a message quotes it, and here it may be the query.
    const mayQuoteQuery = code === Code.INVALID_ARGUMENT && request.raw.url?.includes('?') === true;
    logRefusal(request.log, nameOf(request, trustedProxies), error, !mayQuoteQuery, unlogged);
  }
  // Where no hook has run.
  reply.header('x-request-id', request.id);
  (request.spoken ?? protocolOf(request.raw)).refuse(request.raw, reply, error);
}
