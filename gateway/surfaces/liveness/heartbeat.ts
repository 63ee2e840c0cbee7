import type { ServerResponse } from 'node:http';

/** A timer that fires after a silence. */
export interface Heartbeat {
  /** Something was sent: the silence begins anew. */
  beat(): void;
  stop(): void;
}

/** Calls `send` after every `intervalMs` in which `beat` was not called. Stops by itself when the response closes. */
export function startHeartbeat(response: ServerResponse, intervalMs: number, send: () => void): Heartbeat {
  let lastMs = performance.now();
  let timer: NodeJS.Timeout;
  // A timer that is put off for every message costs more than looking at the clock.
  const wait = (delayMs: number) => {
    timer = setTimeout(() => {
      const leftMs = lastMs + intervalMs - performance.now();
      if (leftMs > 0) return wait(Math.ceil(leftMs));
      lastMs = performance.now();
      send();
      wait(intervalMs);
    }, delayMs).unref();
  };
  const stop = () => {
    clearTimeout(timer);
    response.off('close', stop);
  };
  response.once('close', stop);
  wait(intervalMs);
  const beat = () => {
    lastMs = performance.now();
  };
  return { beat, stop };
}
