import type { ServerResponse } from 'node:http';
import { Alarm, type Sleeper } from '../../async/index.js';

/** Fires after a silence. */
export interface Heartbeat {
  /** Something was sent: the silence begins anew. */
  beat(): void;
  stop(): void;
}

/**
 * Calls `send` after every `intervalMs` in which `beat` was not called. Stops by itself when the response closes. Those of all streams share one
 * timer; ten thousand idle ones have little else to do.
 */
export function startHeartbeat(response: ServerResponse, intervalMs: number, send: () => void): Heartbeat {
  return new ResponseHeartbeat(response, intervalMs, send);
}

class ResponseHeartbeat implements Heartbeat, Sleeper {
  readonly #response: ServerResponse;
  readonly #intervalMs: number;
  readonly #send: () => void;
  readonly #alarm = new Alarm(this);
  #lastMs = performance.now();

  constructor(response: ServerResponse, intervalMs: number, send: () => void) {
    this.#response = response;
    this.#intervalMs = intervalMs;
    this.#send = send;
    response.on('close', this.#onClose);
    this.#alarm.set(intervalMs);
  }

  // An alarm that is put off for every message costs more than looking at the clock.
  beat(): void {
    this.#lastMs = performance.now();
  }

  stop(): void {
    this.#alarm.clear();
    this.#response.off('close', this.#onClose);
  }

  onAlarm(): void {
    const leftMs = this.#lastMs + this.#intervalMs - performance.now();
    if (leftMs > 0) {
      this.#alarm.set(leftMs);
      return;
    }
    this.#lastMs = performance.now();
    this.#alarm.set(this.#intervalMs);
    this.#send();
  }

  readonly #onClose = (): void => this.stop();
}
