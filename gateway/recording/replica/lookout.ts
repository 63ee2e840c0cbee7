import { Bell } from '../../async/index.js';
import type { Deputies } from './deputies.js';
import type { KnownRequest } from './hand-over.js';
import type { Heartbeats } from './heartbeats.js';
import type { MemberEntry } from './member.js';
import type { NatsLink } from './nats-link.js';
import { LOST } from './shared-call.js';
import type { SharedRecord, SharedRecords } from './shared-records.js';

const LOOK_MS = 500;
/** Who cannot go on itself waits so long for somebody who can. */
const PATIENCE_MS = 4_000;
/** The same for its deputy: whoever has a client that can ask again does so at once. */
const DEPUTY_MS = 1_000;
/** Values are given up by the server when nobody writes them for a day. */
const TOUCH_MS = 60 * 60 * 1_000;
/** Who follows looks so often whether there is still something to follow. */
const CHECK_MS = 5_000;

/** What a lookout works with. */
export interface LookoutOptions {
  readonly id: string;
  readonly link: NatsLink;
  readonly records: SharedRecords;
  readonly heartbeats: Heartbeats;
  readonly deputies: Deputies;
  readonly entries: ReadonlyMap<string, MemberEntry>;
  /** Leads from now on. */
  readonly takeOver: (
    entry: MemberEntry,
    record: SharedRecord,
    request: Pick<KnownRequest, 'reopen'>,
  ) => void;
}

/** Shows again and again that this gateway lives, and looks after the recordings whose gateways do not. Whoever opens it closes it. */
export class Lookout {
  readonly #options: LookoutOptions;
  /** Rings when there is something to look at before it is time. */
  readonly #hurry = new Bell();
  #isLeaving = false;
  #isClosed = false;

  constructor(options: LookoutOptions) {
    this.#options = options;
  }

  open(): void {
    void this.#look();
  }

  /** Another gateway has just left. */
  hurry(): void {
    this.#hurry.ring();
  }

  /** Leads nothing anew. */
  leave(): void {
    this.#isLeaving = true;
  }

  close(): void {
    this.#isClosed = true;
    this.#hurry.ring();
  }

  async #look(): Promise<void> {
    while (!this.#isClosed) {
      await this.#hurry.waitWithin({ timeoutMs: LOOK_MS });
      if (!this.#isClosed) await this.#lookOnce();
    }
  }

  /** Shows that this gateway lives, and looks after those whose gateways do not. */
  async #lookOnce(): Promise<void> {
    const { heartbeats, deputies, entries, id } = this.#options;
    try {
      const wasAway = await heartbeats.beat();
      const leaders = new Set(deputies.ids);
      const followed = [...entries.values()].filter(({ call }) => !call.leads && !call.isOver);
      for (const { record } of followed) leaders.add(record.leader);
      await heartbeats.look(leaders);
      await deputies.adoptFrom((id) => heartbeats.lives(id));
      for (const entry of [...entries.values()]) {
        if (entry.call.isOver && !entry.call.leads) continue;
        if (entry.call.leads) await this.#check(entry, wasAway);
        else if (isHeir(entry, id) || !heartbeats.lives(entry.record.leader)) await this.#succeed(entry);
        else await this.#checkFollowed(entry);
      }
      if (!this.#isLeaving) deputies.look();
    } catch {
      // NATS is away: who lives is not known.
      heartbeats.forget();
    }
  }

  async #check(entry: MemberEntry, wasAway: boolean): Promise<void> {
    const { epoch, call } = entry;
    if (wasAway) {
      const known = await this.#options.records.recordOf(epoch);
      if (known !== undefined && known.leader !== this.#options.id) {
        entry.record = known;
        call.loseLead();
      }
    } else if (performance.now() - entry.touchedAt > TOUCH_MS) {
      entry.touchedAt = performance.now();
      entry.record = (await this.#options.records.edit(epoch, () => ({}))) ?? entry.record;
    }
  }

  async #checkFollowed(entry: MemberEntry): Promise<void> {
    entry.lostSince = undefined;
    if (performance.now() - entry.touchedAt < CHECK_MS) return;
    entry.touchedAt = performance.now();
    if ((await this.#options.link.get(`epoch.${entry.epoch}`)) === undefined) entry.call.abandon(LOST);
  }

  /** Nobody leads: this gateway does, where it can, or another one. */
  async #succeed(entry: MemberEntry): Promise<void> {
    const { epoch, call, request } = entry;
    if (entry.isTrying) return;
    entry.lostSince ??= performance.now();
    const known = await this.#options.link.get(`epoch.${epoch}`);
    const record = known && (JSON.parse(known.text) as SharedRecord);
    if (record !== undefined && record.leader !== entry.record.leader) {
      entry.record = record;
      return;
    }
    // Who finds a call at its location is told the same wherever it asks.
    const ends = record?.locations !== undefined && request === undefined;
    if (known === undefined || record === undefined || request === undefined || this.#isLeaving) {
      const patienceMs = entry.isDeputed && ends ? DEPUTY_MS : PATIENCE_MS;
      if (performance.now() - entry.lostSince < patienceMs) return;
      if (ends && known !== undefined && !this.#isLeaving) {
        await this.#lead(entry, record, known.revision, { reopen: () => undefined });
        return;
      }
      // Equal requests do not wait for it any more.
      if (record !== undefined && record.endedAt === undefined) await this.#options.records.end(epoch);
      call.abandon(LOST);
      return;
    }
    await this.#lead(entry, record, known.revision, request);
  }

  /** Leads, unless another gateway is first. */
  async #lead(
    entry: MemberEntry,
    record: SharedRecord,
    revision: number,
    request: Pick<KnownRequest, 'reopen'>,
  ): Promise<void> {
    const mine = { ...record, leader: this.#options.id };
    const put = await this.#options.link.put(`epoch.${entry.epoch}`, JSON.stringify(mine), revision);
    if (put !== undefined) this.#options.takeOver(entry, mine, request);
  }
}

/** It was handed to this gateway, which has not heard of it. */
function isHeir({ record, call }: MemberEntry, id: string): boolean {
  return record.leader === id && !call.isOver;
}
