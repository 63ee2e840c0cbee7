import { Alarm } from '../../async/index.js';
import type { Recording } from './recording.js';
import type { RecordingReader } from './recording-reader.js';

/** A gateway tells where its slowest reader is so often, in milliseconds, also when it has not moved. */
export const POSITION_MS = 1_000;
/** One that has told nothing for so long is gone, or was stopped. */
const SILENT_MS = 3 * POSITION_MS;

/** The clients of other gateways, for whom a service waits as well: one reader for each gateway. */
export class RemoteReaders {
  readonly #recording: Recording;
  readonly #known = new Map<string, RemoteReader>();
  readonly #alarm = new Alarm({ onAlarm: () => this.#look() });

  constructor(recording: Recording) {
    this.#recording = recording;
  }

  /** The slowest reader of a gateway has been handed the message of this number; `undefined`: nobody reads there. */
  told(gateway: string, position: number | undefined): void {
    const reader = this.#known.get(gateway);
    if (position === undefined) {
      if (reader !== undefined) this.#forget(gateway, reader);
      return;
    }
    const now = performance.now();
    if (reader === undefined) {
      const added = new RemoteReader(this.#recording, position, now);
      this.#known.set(gateway, added);
      this.#recording.add(added, position);
    } else reader.told(position, now);
    if (!this.#alarm.isSet) this.#alarm.set(SILENT_MS);
  }

  close(): void {
    this.#alarm.clear();
    for (const [gateway, reader] of this.#known) this.#forget(gateway, reader);
  }

  #look(): void {
    const oldest = performance.now() - SILENT_MS;
    for (const [gateway, reader] of this.#known) if (reader.heardAt < oldest) this.#forget(gateway, reader);
    if (this.#known.size > 0) this.#alarm.set(SILENT_MS);
  }

  #forget(gateway: string, reader: RemoteReader): void {
    this.#known.delete(gateway);
    this.#recording.leave(reader);
  }
}

class RemoteReader implements RecordingReader {
  position: number;
  heardAt: number;
  readonly #recording: Recording;
  /** Nothing waits for it until it moves: its gateway ends who is too slow. */
  #isStalled = false;

  constructor(recording: Recording, position: number, now: number) {
    this.#recording = recording;
    this.position = position;
    this.heardAt = now;
  }

  told(position: number, now: number): void {
    this.heardAt = now;
    if (position === this.position) return;
    this.position = position;
    if (this.#isStalled) {
      this.#isStalled = false;
      this.#recording.add(this, position);
    } else this.#recording.onMoved();
  }

  /** It reads by what its gateway reads. */
  wake(): void {}

  fail(): void {
    this.#isStalled = true;
    this.#recording.leave(this);
  }
}
