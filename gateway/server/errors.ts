import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { createRegistry, type Registry } from '@bufbuild/protobuf';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Code, RpcError } from '../status/index.js';
import { errorJson, sendError } from '../surfaces/index.js';

const NO_TYPES = createRegistry();

/** Fastify's own refusals (a bad URL, a head too large) as ours; anything else that is not an `RpcError` is INTERNAL. */
function rpcErrorFrom(reason: unknown): RpcError {
  const { code, statusCode } = (reason ?? {}) as { code?: unknown; statusCode?: unknown };
  const isFastify = typeof code === 'string' && code.startsWith('FST_');
  if (isFastify && typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new RpcError(Code.INVALID_ARGUMENT, (reason as Error).message, { httpStatus: statusCode });
  }
  return RpcError.from(reason);
}

/**
 * Answers what Node's parser has refused, before there is a request: there is no reply to use, so the bytes are written here. The
 * connection is of no more use.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const httpStatus =
    error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const problem =
    httpStatus === 408
      ? new RpcError(Code.DEADLINE_EXCEEDED, 'the head of the request did not come in time')
      : new RpcError(Code.INVALID_ARGUMENT, `this is not an HTTP request: ${error.code}`);
  const body = JSON.stringify(errorJson(problem.toStatus(), NO_TYPES, httpStatus));
  socket.end(
    [
      `HTTP/1.1 ${httpStatus} ${STATUS_CODES[httpStatus]}`,
      'connection: close',
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      `grpc-status: ${problem.code}`,
      `x-request-id: ${randomUUID()}`,
      '',
      body,
    ].join('\r\n'),
  );
}

/** The one place where a failure before the head becomes an answer. A defect is logged here, once. */
export function answerError(
  reason: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  registry: Registry = NO_TYPES,
): void {
  const error = rpcErrorFrom(reason);
  if (reply.sent || reply.raw.headersSent) {
    request.log.error({ requestId: request.id, err: error }, 'failed after the head was sent');
    reply.raw.destroy();
    return;
  }
  if (error.code === Code.INTERNAL)
    request.log.error({ requestId: request.id, err: error }, 'request failed');
  else
    request.log.info({ path: request.raw.url, code: error.code, problem: error.message }, 'request refused');
  reply.headers(error.headers);
  sendError(reply, error.toStatus(), registry, error.httpStatus);
}
