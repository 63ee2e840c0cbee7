import type { Metadata } from '@grpc/grpc-js';
import type { Logger } from 'pino';

/** What a handler knows of its call. */
export interface CallContext {
  /** The caller's `x-request-id`, or one of ours. */
  readonly requestId: string;
  /** "pkg.Service/Method" */
  readonly method: string;
  readonly metadata: Metadata;
  /** Who calls, where the core requires to know it. */
  readonly subject?: string | undefined;
  /** The caller's address. */
  readonly peer: string;
  /** Epoch milliseconds; absent: no deadline. */
  readonly deadline: number | undefined;
  /** Aborts when the caller has left, its deadline has passed or the core shuts down. Every wait listens to it. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/**
 * Every RPC, whatever its kind: requests come, responses go. The call kind only limits how many there are, and
 * the adapter to grpc-js (`rpc/serve.ts`) sees to that. A response is asked for only when the caller has room for it,
 * so a handler that yields is paused by a slow reader and never needs to look at buffers.
 *
 * A handler ends the call by returning, or by throwing a `CoreError` with a code for the caller. Anything else that is thrown
 * reaches the caller as INTERNAL without its text. When the caller leaves, `signal` aborts and the generator is returned.
 */
export type Handler<Request, Response> = (
  requests: AsyncIterable<Request>,
  context: CallContext,
) => AsyncIterable<Response>;
