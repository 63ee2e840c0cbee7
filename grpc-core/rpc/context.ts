import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { epochOf } from './deadline.js';
import type { MethodDefinition } from './definition.js';
import type { CallContext } from './handler.js';
import { requestIdOf } from './request-id.js';

/** What a handler knows of its call. A unary call has a deadline in any case: the caller's, or `maxUnaryMs` from now. */
export function contextOf(
  method: MethodDefinition,
  call: ServerDuplexStream<Buffer, Buffer>,
  signal: AbortSignal,
  options: { readonly log: Logger; readonly maxUnaryMs: number },
): CallContext & { subject?: string | undefined } {
  const unary = !method.requestStream && !method.responseStream;
  const name = method.path.slice(1);
  const requestId = requestIdOf(call.metadata);
  const asked = epochOf(call.getDeadline());
  const latest = unary ? Date.now() + options.maxUnaryMs : Number.POSITIVE_INFINITY;
  let log: Logger | undefined;
  return {
    requestId,
    method: name,
    metadata: call.metadata,
    peer: call.getPeer(),
    deadline: epochOf(Math.min(asked ?? Number.POSITIVE_INFINITY, latest)),
    signal,
    // A child logger costs microseconds and most calls never log.
    get log() {
      log ??= options.log.child({ requestId, method: name });
      return log;
    },
  };
}
