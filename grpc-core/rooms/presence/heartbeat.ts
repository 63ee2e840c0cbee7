import type { Logger } from 'pino';
import { type Leases, RENEWAL_MS } from './leases.js';
import type { Presence } from './presence.js';

/** Keeps a replica's lease alive and its rooms current, from the first `start` until `close`. The one timer of the rooms. */
export class Heartbeat {
  readonly leases: Leases;
  readonly #presences: Presence[] = [];
  readonly #log: Logger;
  #started: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #beat: Promise<void> | undefined;

  constructor(leases: Leases, log: Logger) {
    this.leases = leases;
    this.#log = log;
  }

  /** Keeps the rooms of that presence current, too. */
  watch(presence: Presence): void {
    this.#presences.push(presence);
  }

  /** Resolves when this replica counts as alive. Must come before the first `join`. A failure lets the next call try again. */
  start(): Promise<void> {
    this.#started ??= this.leases.renew().then(
      () => {
        this.#timer = setInterval(() => this.#tick(), RENEWAL_MS);
        this.#timer.unref();
      },
      (error: unknown) => {
        this.#started = undefined;
        throw error;
      },
    );
    return this.#started;
  }

  /** Stops, and says that this replica is gone. */
  async close(): Promise<void> {
    await this.#started?.catch(() => undefined);
    clearInterval(this.#timer);
    await this.#beat;
    if (this.#started !== undefined) await this.leases.release();
  }

  #tick(): void {
    // A store that is slower than the timer gets one beat at a time.
    this.#beat ??= this.#renew().finally(() => {
      this.#beat = undefined;
    });
  }

  async #renew(): Promise<void> {
    try {
      await this.leases.renew();
      for (const presence of this.#presences) await presence.refresh();
    } catch (error) {
      this.#log.warn({ err: error }, 'presence lease not renewed');
    }
  }
}
