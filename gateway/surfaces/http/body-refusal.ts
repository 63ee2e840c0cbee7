import type { CancelSignal } from '../../async/index.js';
import type { AbortCause } from '../../bridge/index.js';
import { type Reason, RpcError } from '../../status/index.js';
import { DRAINING } from './json-outgoing.js';

/** Why an exchange ends whose body has not come. */
export function reasonOf(signal: CancelSignal): RpcError {
  const cause = signal.reason as AbortCause;
  if (cause instanceof RpcError) return cause;
  return cause === 'draining'
    ? DRAINING
    : new RpcError('CLIENT_LEFT', 'the client ended the connection before the request body was complete');
}

/** RESOURCE_EXHAUSTED as HTTP says it. */
export function tooLarge(maxBytes: number): RpcError {
  return new RpcError(
    'MESSAGE_TOO_LARGE',
    `the message is larger than ${maxBytes} bytes: see --max-message-bytes`,
  );
}

/** The client keeps us waiting, as HTTP says it. The connection is of no more use. */
export function tooSlow(reason: Reason, problem: string): RpcError {
  return new RpcError(reason, problem, { headers: { connection: 'close' } });
}
