import type { WebSocket } from 'ws';
import { CloseCode } from '../wire/index.js';

/**
 * Pings a client and closes the socket with 1008 when it does not answer within one interval. An answer that cannot come is not
 * missed: while we have paused reading we do not see it, and while the client has not taken what was sent before, the
 * ping has not reached it. Stops by itself when the socket closes.
 */
export function startSocketHeartbeat(socket: WebSocket, intervalMs: number, isPaused: () => boolean): void {
  let answered = true;
  const timer = setInterval(() => {
    if (isPaused() || socket.bufferedAmount > 0) {
      answered = true;
      return;
    }
    if (!answered) {
      socket.close(CloseCode.policy, 'no answer to a ping');
      socket.terminate();
      return;
    }
    answered = false;
    socket.ping();
  }, intervalMs).unref();
  socket.on('pong', () => {
    answered = true;
  });
  socket.once('close', () => clearInterval(timer));
}
