import { Alarm } from '../../async/index.js';

/** Of whom it is known when it spoke last, and what happens when that is too long ago. Whoever makes one closes it. */
export class SilenceLimit {
  readonly #limitMs: number;
  readonly #isHeld: () => boolean;
  readonly #onSilent: () => void;
  readonly #alarm = new Alarm({ onAlarm: () => this.#look() });
  #heardAt = performance.now();

  /** `isHeld`: it could not be heard now, because what it said last is still on its way. That time does not count. */
  constructor(limitMs: number, isHeld: () => boolean, onSilent: () => void) {
    this.#limitMs = limitMs;
    this.#isHeld = isHeld;
    this.#onSilent = onSilent;
    this.#alarm.set(limitMs);
  }

  /** It has spoken, or could do so from now on. */
  heard(): void {
    this.#heardAt = performance.now();
  }

  close(): void {
    this.#alarm.clear();
  }

  #look(): void {
    if (this.#isHeld()) this.heard();
    const leftMs = this.#heardAt + this.#limitMs - performance.now();
    if (leftMs > 0) this.#alarm.set(leftMs);
    else this.#onSilent();
  }
}
