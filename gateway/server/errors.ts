import { createRegistry, type Registry } from '@bufbuild/protobuf';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Code, RpcError } from '../status/index.js';
import { sendError } from '../surfaces/index.js';

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

/** The one place where a failure before the head becomes an answer. A defect is logged here, once. */
export function answerError(
  reason: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  registry: Registry = NO_TYPES,
): void {
  const error = rpcErrorFrom(reason);
  if (reply.sent || reply.raw.headersSent) {
    request.log.error({ err: error }, 'failed after the head was sent');
    reply.raw.destroy();
    return;
  }
  if (error.code === Code.INTERNAL) request.log.error({ err: error }, 'request failed');
  else
    request.log.info({ path: request.raw.url, code: error.code, problem: error.message }, 'request refused');
  reply.headers(error.headers);
  sendError(reply, error.toStatus(), registry, error.httpStatus);
}
