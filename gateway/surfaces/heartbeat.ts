import type { ServerResponse } from 'node:http';

/** A timer that fires after a silence. */
export interface Heartbeat {
  /** Something was sent: the silence begins anew. */
  beat(): void;
  stop(): void;
}

/** Calls `send` after every `intervalMs` in which `beat` was not called. Stops by itself when the response closes. */
export function startHeartbeat(response: ServerResponse, intervalMs: number, send: () => void): Heartbeat {
  const timer = setInterval(send, intervalMs).unref();
  const stop = () => {
    clearInterval(timer);
    response.off('close', stop);
  };
  response.once('close', stop);
  return { beat: () => void timer.refresh(), stop };
}
