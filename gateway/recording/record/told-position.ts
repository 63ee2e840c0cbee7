import { Alarm } from '../../async/index.js';
import { POSITION_MS } from './remote-readers.js';

/** Tells the gateway that leads where the slowest reader here is: when it moves, once a turn at most, and again and again. */
export class ToldPosition {
  readonly #tell: (position: number | undefined) => void;
  readonly #alarm = new Alarm({ onAlarm: () => this.#say() });
  #position: number | undefined;
  #isDue = false;
  #isClosed = false;

  constructor(tell: (position: number | undefined) => void) {
    this.#tell = tell;
  }

  moved(position: number | undefined): void {
    if (this.#isClosed || (position === this.#position && this.#alarm.isSet)) return;
    this.#position = position;
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#say();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#alarm.clear();
  }

  #say(): void {
    if (this.#isClosed) return;
    this.#tell(this.#position);
    if (this.#position === undefined) this.#alarm.clear();
    else this.#alarm.set(POSITION_MS);
  }
}
