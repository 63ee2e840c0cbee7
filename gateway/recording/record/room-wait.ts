import { Bell } from '../../async/index.js';
import type { RecordingOptions } from './recording-options.js';

/** A recording's wait for room in its journal: until a reader moves or memory is given up, and no longer than a service is to wait. */
export class RoomWait {
  readonly #options: Pick<RecordingOptions, 'maxPauseMs' | 'onRoom'>;
  readonly #bell = new Bell();
  isWaiting = false;

  constructor(options: Pick<RecordingOptions, 'maxPauseMs' | 'onRoom'>) {
    this.#options = options;
  }

  /** Ends the wait. */
  end(): void {
    this.#bell.ring();
  }

  /** Resolves when there may be room, or the wait was ended: false when it was too long. */
  async room(): Promise<boolean> {
    const { maxPauseMs, onRoom } = this.#options;
    const until = performance.now() + maxPauseMs;
    const stopListening = onRoom(() => this.end());
    this.isWaiting = true;
    await this.#bell.waitWithin({ timeoutMs: maxPauseMs });
    this.isWaiting = false;
    stopListening();
    return performance.now() < until;
  }
}
