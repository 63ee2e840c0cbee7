import type { Endpoint } from './address.js';
import type { Backoff } from './backoff.js';
import type { PooledConnection } from './pooled-connection.js';

/** One endpoint and what is known of it. */
export interface EndpointState {
  readonly endpoint: Endpoint;
  readonly backoff: Backoff;
  /** Those that take calls, or will: one that drains has left. */
  readonly connections: Set<PooledConnection>;
}

/**
 * Retires connections that a burst has left behind: those that have had no call since `beforeMs` (by `performance.now`). One stays, so
 * that the next call need not wait.
 */
export function retireIdle({ connections }: EndpointState, beforeMs: number): void {
  for (const connection of [...connections]) {
    const { state, calls, idleSince } = connection;
    const isIdle = state === 'ready' && calls === 0 && idleSince < beforeMs;
    if (isIdle && connections.size > 1) connection.retire();
  }
}
