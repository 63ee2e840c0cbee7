import { wait } from '../../retry/wait.js';

/** The longest time between two looks at the socket, in milliseconds: short compared with the time a full buffer takes to empty. */
const MAX_POLL_MS = 32;

/**
 * Resolves when the browser holds at most `highWaterBytes` unsent bytes of this WebSocket. Rejects with the signal's reason.
 * Browsers have no event for that, so this polls `bufferedAmount` while it waits: after 1 ms first, then more rarely.
 */
export async function whenSocketHasRoom(
  socket: { readonly bufferedAmount: number },
  highWaterBytes: number,
  signal: AbortSignal,
): Promise<void> {
  for (let pollMs = 1; socket.bufferedAmount > highWaterBytes; pollMs = Math.min(pollMs * 2, MAX_POLL_MS)) {
    await wait(pollMs, signal);
  }
}
