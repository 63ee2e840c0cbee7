import { abortable } from './abortable.js';

/** The longest delay of a timer, in milliseconds (24.8 days): timers have 32 bits, and fire at once beyond it. */
export const MAX_TIMER_MS = 2_147_483_647;

/**
 * Resolves after `ms` milliseconds, at most `MAX_TIMER_MS`, or rejects with the signal's reason when it aborts. Removes its timer and its
 * listener in every case.
 */
export async function wait(ms: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(ms, MAX_TIMER_MS));
  });
  try {
    await abortable(over, signal);
  } finally {
    clearTimeout(timer);
  }
}
