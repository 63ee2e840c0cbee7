import type { Adopter, HandedRequest, HandOver, RecordingKind } from './hand-over.js';
import { KeptRequests } from './kept-requests.js';
import type { MemberEntry } from './member.js';
import type { NatsLink } from './nats-link.js';
import { detachedMs, type SharedRecords } from './shared-records.js';

/** While there is nobody who could be one, a deputy is looked for so often, in milliseconds: the question is for every gateway. */
const ALONE_MS = 2_000;
/** Where a request says whose it is, the deputy hears of it anew, so that its token counts when it is needed. */
const FRESH_MS = 20_000;

/** What deputies work with. */
export interface DeputiesOptions {
  readonly id: string;
  readonly link: NatsLink;
  readonly records: SharedRecords;
  readonly handOver: HandOver;
  readonly entries: ReadonlyMap<string, MemberEntry>;
  readonly adopter: () => Adopter | undefined;
}

/** Who keeps the request of a recording that this gateway leads. */
interface Deputy {
  readonly id: string;
  /** When it is to hear of it anew, in milliseconds of `performance`. */
  readonly freshUntil: number;
}

/** What a leader tells its deputy. */
interface Kept {
  readonly epoch: string;
  readonly leader: string;
  readonly request?: HandedRequest | undefined;
}

/**
 * Calls that go on without clients, and the gateways that die under them: for each, its leader gives the request to another gateway, its deputy, which keeps it in memory
 * and goes on with the call when the leader is gone. Where it cannot be gone on with, the deputy knows of it without a request, and tells its end. Requests pass NATS,
 * and are not kept there.
 */
export class Deputies {
  readonly #options: DeputiesOptions;
  readonly #deputies = new Map<string, Deputy>();
  readonly #kept = new KeptRequests();
  readonly #stops: (() => void)[] = [];
  #isBusy = false;
  #aloneUntil = 0;

  constructor(options: DeputiesOptions) {
    this.#options = options;
    const { link, id } = options;
    this.#stops.push(
      link.listen(`sluice.keep.${id}`, (text) => {
        const { epoch, leader, request } = JSON.parse(text) as Kept;
        return this.#kept.keep(epoch, leader, request, text.length) ? 'yes' : undefined;
      }),
      link.listen(`sluice.kept.${id}`, (epoch) => {
        this.#kept.forget(epoch);
        return undefined;
      }),
    );
  }

  /** The gateways whose lives matter here: leaders of what is kept, and deputies. */
  get ids(): string[] {
    return [...this.#kept.leaders, ...[...this.#deputies.values()].map(({ id }) => id)];
  }

  /** Goes on with what those led who do not live any more. Rejects when NATS is away. */
  async adoptFrom(lives: (id: string) => boolean): Promise<void> {
    for (const [epoch, { id }] of this.#deputies) if (!lives(id)) this.#deputies.delete(epoch);
    for (const [epoch, { leader, request }] of this.#kept.of(lives)) {
      const record = await this.#options.records.recordOf(epoch);
      if (record === undefined || record.endedAt !== undefined) this.#kept.forget(epoch);
      else if (record.leader !== leader) this.#kept.follow(epoch, record.leader);
      else {
        await this.#options.adopter()?.adopt(epoch, record, request);
        const entry = this.#options.entries.get(epoch);
        if (entry !== undefined) {
          entry.isDeputed = true;
          entry.onDetached(detachedMs(record));
        }
        this.#kept.forget(epoch);
      }
    }
  }

  /** Looks for a deputy for each call that has none, and waits for nobody. */
  look(): void {
    if (this.#isBusy || performance.now() < this.#aloneUntil) return;
    this.#isBusy = true;
    // NATS may be away: it is looked for again.
    void this.#lookForAll()
      .catch(() => {})
      .then(() => {
        this.#isBusy = false;
      });
  }

  /** It is over, or led elsewhere: nobody needs to keep its request. */
  release(epoch: string): void {
    const deputy = this.#deputies.get(epoch);
    if (deputy === undefined) return;
    this.#deputies.delete(epoch);
    this.#options.link.tell(`sluice.kept.${deputy.id}`, epoch);
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  async #lookForAll(): Promise<void> {
    /** Those that have answered, by what they know. */
    const able = new Map<string, string | undefined>();
    for (const entry of [...this.#options.entries.values()]) {
      const { epoch, call } = entry;
      if (!call.leads || call.isOver || !entry.isDetached()) {
        this.release(epoch);
        continue;
      }
      const known = this.#deputies.get(epoch);
      if (known !== undefined && performance.now() < known.freshUntil) continue;
      const { method, version } = entry.record;
      const kind = `${method} ${version}`;
      if (known === undefined && !able.has(kind)) able.set(kind, await this.#ask({ method, version }));
      const id = known?.id ?? able.get(kind);
      if (id !== undefined) await this.#give(entry, id);
    }
    // Nobody is there who could: nobody will be in a moment.
    if (able.size > 0 && [...able.values()].every((id) => id === undefined))
      this.#aloneUntil = performance.now() + ALONE_MS;
  }

  async #ask(kind: RecordingKind): Promise<string | undefined> {
    return await this.#options.handOver.anyHeir(kind);
  }

  async #give({ epoch, request }: MemberEntry, id: string): Promise<void> {
    const { link, id: leader } = this.#options;
    // A token that has ended is no reason to say nothing.
    const kept = await request?.kept().catch(() => undefined);
    const said: Kept = { epoch, leader, request: kept?.request };
    let text = JSON.stringify(said);
    if (text.length > link.pieceBytes) text = JSON.stringify({ epoch, leader });
    if ((await link.ask(`sluice.keep.${id}`, text)) === undefined) {
      this.#deputies.delete(epoch);
      return;
    }
    const freshMs = kept?.endsAt === undefined ? Number.POSITIVE_INFINITY : FRESH_MS;
    this.#deputies.set(epoch, { id, freshUntil: performance.now() + freshMs });
  }
}
