import { AlarmWheel, Link } from './alarm-wheel.js';

/** What an alarm wakes. */
export interface Sleeper {
  /** The time has come; the alarm is not set any more. Must not throw. */
  onAlarm(alarm: Alarm): void;
}

const shared = new AlarmWheel();

/**
 * One time to wake its sleeper, for what has a time limit and nearly never reaches it, as calls have: setting and clearing it is a few
 * pointers, where a timer of Node is a large object and a list for each duration. It never wakes early, is as late as any timer of Node, and does not
 * keep the process alive.
 */
export class Alarm extends Link {
  readonly #sleeper: Sleeper;
  readonly #wheel: AlarmWheel;

  /** How many are set in this process: for whoever looks whether anything has been left. */
  static get count(): number {
    return shared.size;
  }

  /** Whoever has put another clock or other timers into the process calls it, or what is set waits for those that were there. */
  static clockChanged(): void {
    shared.look();
  }

  /** Not set yet. `wheel` is for tests. */
  constructor(sleeper: Sleeper, wheel: AlarmWheel = shared) {
    super();
    this.#sleeper = sleeper;
    this.#wheel = wheel;
  }

  /** Whether it will wake its sleeper. */
  get isSet(): boolean {
    return this.next !== this;
  }

  /** Wakes in so many milliseconds, of any number, instead of at the time for which it was set before. */
  set(delayMs: number): void {
    this.clear();
    this.#wheel.add(this, delayMs);
  }

  /** Wakes no more. Calling it again does nothing. */
  clear(): void {
    if (this.isSet) this.#wheel.remove(this);
  }

  override ring(): void {
    this.#sleeper.onAlarm(this);
  }
}
