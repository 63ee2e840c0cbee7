import type { Outlet, Taker } from '../upstream/index.js';
import type { Traffic } from './exchange.js';
import type { Progress } from './progress.js';
import type { StallLimit } from './stall-limit.js';

/** An exchange that takes what others take, and counts what it was given when it hears of it. */
export class Following implements Taker {
  readonly outlet: Outlet;
  readonly traffic: Traffic;
  readonly #progress: Progress;
  readonly #stall: StallLimit | undefined;

  constructor(outlet: Outlet, traffic: Traffic, progress: Progress, stall: StallLimit | undefined) {
    this.outlet = outlet;
    this.traffic = traffic;
    this.#progress = progress;
    this.#stall = stall;
  }

  given(messages: number, bytes: number): void {
    this.#progress.sent += messages;
    this.#progress.sentBytes += bytes;
  }

  bound(room: Promise<void>): Promise<void> {
    return this.#stall === undefined ? room : this.#stall.forRoom(room);
  }
}
