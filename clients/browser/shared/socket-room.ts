import { wait } from '../../retry/index.js';

/** When a WebSocket has room for more. */
export interface SocketRoom {
  /** Resolves when the browser holds no more unsent bytes than the high water; rejects with the signal's reason. */
  wait(signal: AbortSignal): Promise<void>;
}

/**
 * Watches `bufferedAmount`. Browsers have no event for "written", so this looks again and again while somebody waits: soon at
 * first, then every 32 ms, which costs nothing that could be measured and is short against the time a full buffer takes to leave.
 */
export function createSocketRoom(
  socket: { readonly bufferedAmount: number },
  highWaterBytes: number,
): SocketRoom {
  const full = () => socket.bufferedAmount > highWaterBytes;
  return {
    async wait(signal) {
      for (let pauseMs = 1; full(); pauseMs = Math.min(pauseMs * 2, 32)) await wait(pauseMs, signal);
    },
  };
}
