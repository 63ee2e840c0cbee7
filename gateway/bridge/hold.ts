import type { CancelSignal } from '../upstream/index.js';
import type { Outgoing } from './exchange.js';

/** Waits before the next read for `flushMs`: the transport gathers what comes in that time, within its own bound. Nothing when there is nothing to wait for. */
export function hold({ flushMs }: Outgoing, signal: CancelSignal): Promise<void> | undefined {
  if (flushMs === 0 || signal.aborted) return undefined;
  return new Promise((resolve) => {
    // It ends early when the client leaves.
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, flushMs);
    signal.addEventListener('abort', end);
  });
}
