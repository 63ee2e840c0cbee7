import type { ServerResponse } from 'node:http';
import { Alarm, type Sleeper } from '../../async/index.js';

/** Fires after a silence. */
export interface Heartbeat {
  /** Something was sent, now or at that time of `performance`: the silence begins anew. */
  beat(at?: number): void;
  stop(): void;
}

/** What is kept from being silent. */
export interface Beating {
  /** Nothing was sent for so long. */
  sendHeartbeat(): void;
  /** Says with `beat` what was sent meanwhile, where it has not. */
  settle?(): void;
}

/**
 * Calls `sendHeartbeat` after every `intervalMs` in which `beat` was not called. Stops by itself when the response closes. Those of all streams share one
 * timer; ten thousand idle ones have little else to do.
 */
export function startHeartbeat(response: ServerResponse, intervalMs: number, beating: Beating): Heartbeat {
  return new ResponseHeartbeat(response, intervalMs, beating);
}

class ResponseHeartbeat implements Heartbeat, Sleeper {
  readonly #response: ServerResponse;
  readonly #intervalMs: number;
  readonly #beating: Beating;
  readonly #alarm = new Alarm(this);
  #lastMs = performance.now();

  constructor(response: ServerResponse, intervalMs: number, beating: Beating) {
    this.#response = response;
    this.#intervalMs = intervalMs;
    this.#beating = beating;
    response.on('close', this.#onClose);
    this.#alarm.set(intervalMs);
  }

  // An alarm that is put off for every message costs more than looking at the clock.
  beat(at = performance.now()): void {
    this.#lastMs = at;
  }

  stop(): void {
    this.#alarm.clear();
    this.#response.off('close', this.#onClose);
  }

  onAlarm(): void {
    this.#beating.settle?.();
    const leftMs = this.#lastMs + this.#intervalMs - performance.now();
    if (leftMs > 0) {
      this.#alarm.set(leftMs);
      return;
    }
    this.#lastMs = performance.now();
    this.#alarm.set(this.#intervalMs);
    this.#beating.sendHeartbeat();
  }

  readonly #onClose = (): void => this.stop();
}
