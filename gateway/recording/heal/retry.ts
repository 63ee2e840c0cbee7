import { Code, type Status } from '../../status/index.js';
import type { CancelSignal } from '../../upstream/index.js';

/** Tries in a row without a message between them. */
export const MAX_TRIES = 8;

/**
 * The same for a call of which the service has said nothing yet: its client may well ask again itself, and should hear within the wait for the head
 * (250 ms) that nobody is there. So both waits are half as long, 150 ms together at most.
 */
const MAX_FIRST_TRIES = 2;

/** Of the first wait, in milliseconds; each further one is twice as long. */
const FIRST_WAIT_MS = 100;
const MAX_WAIT_MS = 5_000;

/** Whether a call has ended in a way after which it may be asked again: the service is away for a moment, or what led to it broke. */
export function isBreak({ code, isBroken }: Status): boolean {
  return code === Code.UNAVAILABLE || isBroken === true;
}

/** Whether to try again a call of which the service has said nothing yet. What speaks no gRPC will not do so in a moment. */
export function mayTryFirst({ reason }: Status, tries: number): boolean {
  return reason !== 'UPSTREAM_NOT_GRPC' && tries < MAX_FIRST_TRIES;
}

/**
 * How long to wait before a try, 0 the first one, in milliseconds: half of it is by chance, so that not all streams of a service that comes back ask at
 * once. `isTaken`: the service has said something of the call.
 */
export function waitBefore(attempt: number, isTaken: boolean): number {
  const waitMs = Math.min(FIRST_WAIT_MS * 2 ** attempt, MAX_WAIT_MS) * (0.5 + Math.random() / 2);
  return isTaken ? waitMs : waitMs / 2;
}

/** Waits, at most until the deadline (epoch milliseconds), and no longer than until the call is ended from outside, by `signal` or by what `onWait` is given. */
export function wait(
  waitMs: number,
  deadline: number | undefined,
  signal: CancelSignal,
  onWait: (end: () => void) => void,
): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const left = deadline === undefined ? waitMs : deadline - Date.now();
    const timer = setTimeout(end, Math.max(0, Math.min(waitMs, left)));
    signal.addEventListener('abort', end);
    onWait(end);
  });
}
