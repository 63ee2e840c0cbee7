import type { FastifyBaseLogger } from 'fastify';
import { Bell } from '../async/index.js';
import type { Exchanges } from '../surfaces/index.js';
import type { Transport } from '../upstream/index.js';
import type { SchemaSource } from './loaded-schema.js';

/** How long one look may wait for the service, in milliseconds: less than the second that Kubernetes gives a probe. */
const WAIT_MS = 800;
/** The time between two looks, in milliseconds: the log tells of a change also when no probe asks. */
const INTERVAL_MS = 2_000;

/** Whether the gateway should get requests now. Each change is one line of log. */
export class Readiness {
  readonly #exchanges: Exchanges;
  readonly #source: SchemaSource;
  readonly #transport: Transport;
  readonly #log: FastifyBaseLogger;
  #watch: NodeJS.Timeout | undefined;
  /** Rings when `isReady` has changed; draining ends those who wait. */
  readonly changed = new Bell();
  /** What the last line said; a gateway that is ready from the start says nothing. */
  #problem: string | undefined;

  constructor(exchanges: Exchanges, source: SchemaSource, transport: Transport, log: FastifyBaseLogger) {
    this.#exchanges = exchanges;
    this.#source = source;
    this.#transport = transport;
    this.#log = log;
  }

  /** Why it should not, or `undefined`. Waits for the service for at most `WAIT_MS`; never rejects. */
  async check(): Promise<string | undefined> {
    const problem = await this.#ask();
    // Draining has lines of its own, and looks that began before it have nothing more to say.
    if (this.#exchanges.draining) return 'draining';
    if (problem === this.#problem) return problem;
    this.#problem = problem;
    this.changed.ring();
    if (problem === undefined) this.#log.info('gateway ready');
    else this.#log.warn({ problem }, 'gateway not ready');
    return problem;
  }

  /** What is known without asking. */
  get isReady(): boolean {
    return this.#problem === undefined && this.#source.ready && !this.#exchanges.draining;
  }

  /** Looks from time to time until `close`. */
  watch(): void {
    let looking = false;
    const look = async () => {
      if (looking) return;
      looking = true;
      await this.check();
      looking = false;
    };
    this.#watch = setInterval(look, INTERVAL_MS).unref();
    void look();
  }

  close(): void {
    clearInterval(this.#watch);
  }

  async #ask(): Promise<string | undefined> {
    if (this.#exchanges.draining) return 'draining';
    if (!this.#source.ready) return this.#source.notLoaded;
    return (await this.#transport.ready(WAIT_MS)) ? undefined : 'the service does not answer';
  }
}
