import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { CloseCode } from '../../wire/index.js';

/** A look that comes after so many intervals is late: then it was us who had no time. */
const LATE = 1.1;

/**
 * Pings a client and closes the socket with 1008 when nothing at all comes from it within one interval after that. An answer that cannot
 * come is not missed: while we have paused reading we do not see it, while the client has not taken what was sent before the
 * ping has not reached it, and in the middle of a large frame it has to wait, but then the bytes of the frame come. When we were
 * stalled ourselves (a throttled container), its answer may lie in the kernel unread: it has one more interval. Stops by itself when the socket closes.
 */
export function startSocketHeartbeat(
  socket: WebSocket,
  raw: Socket,
  intervalMs: number,
  isPaused: () => boolean,
): void {
  let answered = true;
  let bytesRead = raw.bytesRead;
  let lookedAt = performance.now();
  let isSpared = false;
  const timer = setInterval(() => {
    const now = performance.now();
    const isLate = now - lookedAt > LATE * intervalMs;
    lookedAt = now;
    if (isPaused() || socket.bufferedAmount > 0 || raw.bytesRead !== bytesRead) answered = true;
    bytesRead = raw.bytesRead;
    isSpared = isLate && !answered && !isSpared;
    if (isPaused() || socket.bufferedAmount > 0) return;
    if (!answered && !isSpared) {
      socket.close(CloseCode.policy, 'no answer to a ping');
      socket.terminate();
      return;
    }
    answered = false;
    socket.ping();
  }, intervalMs).unref();
  socket.on('close', () => clearInterval(timer));
}
