import type { NatsLink } from './nats-link.js';

/** A gateway whose value has not changed for so long does not live, in milliseconds of the clock of who looks: no two clocks are compared. */
export const DEAD_MS = 2_500;

/** Which gateways live: each writes a value of its own again and again, until it takes it back. */
export class Heartbeats {
  readonly #link: NatsLink;
  readonly #key: string;
  #revision: number | undefined;
  #beatAt = performance.now();
  /** Of each gateway that was looked at: what it had written, and since when. */
  #seen = new Map<string, { revision: number | undefined; since: number }>();

  constructor(link: NatsLink, id: string) {
    this.#link = link;
    this.#key = `gateway.${id}`;
  }

  /** Shows that this gateway lives; true when others may have believed otherwise. Rejects when NATS is away. */
  async beat(): Promise<boolean> {
    const written = await this.#link.put(this.#key, '', this.#revision);
    // An answer that was lost, or a bucket that was made anew.
    this.#revision = written ?? (await this.#link.get(this.#key))?.revision;
    const now = performance.now();
    const wasAway = now - this.#beatAt > DEAD_MS;
    this.#beatAt = now;
    return wasAway;
  }

  /** Looks at these gateways, and forgets the others. Rejects when NATS is away. */
  async look(ids: ReadonlySet<string>): Promise<void> {
    const seen = new Map<string, { revision: number | undefined; since: number }>();
    for (const id of ids) {
      const revision = (await this.#link.get(`gateway.${id}`))?.revision;
      const known = this.#seen.get(id);
      seen.set(id, known?.revision === revision && known ? known : { revision, since: performance.now() });
    }
    this.#seen = seen;
  }

  /** One that has taken its value back does not. Of one that was not looked at nothing is known: it does. */
  lives(id: string): boolean {
    const known = this.#seen.get(id);
    if (known === undefined) return true;
    return known.revision !== undefined && performance.now() - known.since < DEAD_MS;
  }

  /** Nothing is known: all live. */
  forget(): void {
    this.#seen.clear();
  }

  /** This gateway lives no more, for the others. */
  async stop(): Promise<void> {
    await this.#link.delete(this.#key).catch(() => {});
  }
}
