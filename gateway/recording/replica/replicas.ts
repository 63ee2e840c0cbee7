import { randomBytes } from 'node:crypto';
import type { Status } from '../../status/index.js';
import type { Call } from '../../upstream/index.js';
import { Heartbeats } from './heartbeats.js';
import type { NatsLink } from './nats-link.js';
import { type FilledJournal, LOST, SharedCall } from './shared-call.js';
import { type LogBounds, SharedLog } from './shared-log.js';
import { type GoneCall, type SharedRecord, SharedRecords } from './shared-records.js';
import { decodeStatus, encodeStatus } from './shared-text.js';

/** A recording of this gateway, as the others have to do with it. */
export interface Member {
  readonly epoch: string;
  readonly bounds: LogBounds;
  readonly journal: FilledJournal;
  /** Its clients are here, or it goes on without. */
  readonly isWanted: () => boolean;
  /** Another gateway was asked to end it. */
  readonly onStop: (status: Status) => void;
  /** It goes on without clients, as another gateway was told. */
  readonly onDetached: () => void;
  /** The slowest reader of another gateway has been handed the message of this number; `undefined`: it has none any more. */
  readonly onPosition: (gateway: string, position: number | undefined) => void;
  /** Makes the call anew behind what is recorded; `undefined` when that cannot be. Absent: nobody here knows the request. */
  readonly reopen?: (() => Call | undefined) | undefined;
}

interface Entry extends Omit<Member, 'reopen'> {
  reopen?: Member['reopen'];
  readonly call: SharedCall;
  record: SharedRecord;
  /** Since when nobody leads, in milliseconds of `performance`. */
  lostSince: number | undefined;
  isTrying: boolean;
  touchedAt: number;
  readonly stopListening: () => void;
}

const LOOK_MS = 500;
/** Who cannot go on itself waits so long for somebody who can. */
const PATIENCE_MS = 4_000;
/** Values are given up by the server when nobody writes them for a day. */
const TOUCH_MS = 60 * 60 * 1_000;
/** Who follows looks so often whether there is still something to follow. */
const CHECK_MS = 5_000;
/** In place of a gateway: it is looked up. */
const UNKNOWN = 'unknown';

/** The recordings that several gateways share: who leads which, and how they are found. Whoever opens it closes it. */
export class Replicas {
  /** This gateway among the others. */
  readonly id = randomBytes(12).toString('base64url');
  readonly #link: NatsLink;
  readonly records: SharedRecords;
  readonly #heartbeats: Heartbeats;
  readonly #entries = new Map<string, Entry>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(link: NatsLink) {
    this.#link = link;
    this.records = new SharedRecords(link, this.id);
    this.#heartbeats = new Heartbeats(link, this.id);
  }

  static async open(link: NatsLink): Promise<Replicas> {
    const replicas = new Replicas(link);
    await replicas.#heartbeats.beat();
    replicas.#look();
    return replicas;
  }

  /** The call of a recording that this gateway leads, once `claimed` resolves. */
  lead(
    member: Member,
    record: Omit<SharedRecord, 'leader'>,
    open: () => Call,
    claimed?: Promise<void>,
  ): SharedCall {
    return this.#enter(member, { ...record, leader: this.id }, open, claimed);
  }

  /** The call of a recording that another gateway leads, or led. */
  follow(member: Member, record: SharedRecord): SharedCall {
    const call = this.#enter(member, record, undefined, undefined);
    if (record.head !== undefined) call.knowHead(record.head);
    return call;
  }

  /** A request that is equal to its own is known here. */
  mayReopen(epoch: string, reopen: () => Call | undefined): void {
    const entry = this.#entries.get(epoch);
    if (entry !== undefined) entry.reopen ??= reopen;
  }

  /** Whether this gateway leads a recording. */
  leads(epoch: string): boolean {
    return this.#entries.get(epoch)?.record.leader === this.id;
  }

  /** It is found by its location from now on. Rejects with UNAVAILABLE. */
  async locate(epoch: string, location: string): Promise<void> {
    if (this.#entries.get(epoch)?.record.locations?.includes(location)) return;
    this.#know(epoch, await this.records.locate(epoch, location));
  }

  /** Whether a client of another gateway follows a recording that this one leads; "detached": it goes on without. When NATS is away, one may. */
  async isWantedElsewhere(epoch: string): Promise<boolean | 'detached'> {
    if (!this.leads(epoch)) return false;
    try {
      if ((await this.records.recordOf(epoch))?.locations !== undefined) return 'detached';
      return (await this.#link.ask(`sluice.readers.${epoch}`)) !== undefined;
    } catch {
      return !this.#isClosed;
    }
  }

  /** Tells who leads where the slowest reader here is; `undefined`: there is none. */
  tellPosition(epoch: string, position: number | undefined): void {
    this.#link.tell(`sluice.position.${epoch}`, `${this.id} ${position ?? ''}`);
  }

  /** Ends the call where it is led. */
  stopElsewhere(epoch: string, status: Status): void {
    this.#link.tell(`sluice.stop.${epoch}`, encodeStatus(status).toString());
  }

  /** It runs no more: equal requests make a call of their own. */
  ended(epoch: string): void {
    const entry = this.#entries.get(epoch);
    if (entry === undefined || !this.leads(epoch) || this.#isClosed) return;
    this.#quietly(async () => this.#know(epoch, await this.records.end(epoch)));
  }

  /** It is not kept here any more: nowhere, where this gateway leads. */
  dropped(epoch: string, gone: GoneCall): void {
    const entry = this.#entries.get(epoch);
    if (entry === undefined) return;
    const leads = this.leads(epoch);
    this.#entries.delete(epoch);
    entry.stopListening();
    entry.call.giveUp();
    if (!leads || this.#isClosed) return;
    this.#quietly(async () => {
      // Others have given it locations.
      const record = (await this.records.recordOf(epoch)) ?? entry.record;
      await this.records.forget(epoch, record, gone);
    });
  }

  /** Leaves what it leads to the others, at once. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const { call, stopListening } of this.#entries.values()) {
      stopListening();
      call.giveUp();
    }
    this.#entries.clear();
    await this.#heartbeats.stop();
    await this.#link.close();
  }

  #enter(
    member: Member,
    record: SharedRecord,
    open: (() => Call) | undefined,
    lead: Promise<void> | undefined,
  ): SharedCall {
    const { epoch, bounds, journal } = member;
    const call = new SharedCall({
      log: new SharedLog(this.#link, epoch, bounds),
      journal,
      open,
      lead,
      onHead: (head) =>
        this.#quietly(async () => this.#know(epoch, await this.records.edit(epoch, () => ({ head })))),
      onFollows: () => {
        const entry = this.#entries.get(epoch);
        if (entry !== undefined) entry.record = { ...entry.record, leader: UNKNOWN };
      },
      onOver: () => {},
    });
    const stopAnswering = this.#link.listen(`sluice.readers.${epoch}`, () =>
      !this.leads(epoch) && member.isWanted() ? 'yes' : undefined,
    );
    const stopHearing = this.#link.listen(`sluice.stop.${epoch}`, (text) => {
      if (this.leads(epoch)) member.onStop(decodeStatus(Buffer.from(text)));
      return undefined;
    });
    const stopFollowing = this.#link.listen(`sluice.position.${epoch}`, (text) => {
      const [gateway = '', position = ''] = text.split(' ');
      if (this.leads(epoch)) member.onPosition(gateway, position === '' ? undefined : Number(position));
      return undefined;
    });
    const stopListening = () => {
      stopAnswering();
      stopHearing();
      stopFollowing();
    };
    const touchedAt = performance.now();
    const state = { lostSince: undefined, isTrying: false, touchedAt };
    this.#entries.set(epoch, { ...member, call, record, ...state, stopListening });
    return call;
  }

  #know(epoch: string, record: SharedRecord | undefined): void {
    const entry = this.#entries.get(epoch);
    if (entry !== undefined && record !== undefined) entry.record = record;
  }

  #look(): void {
    this.#timer = setTimeout(() => {
      void this.#lookOnce().then(() => {
        if (!this.#isClosed) this.#look();
      });
    }, LOOK_MS);
    this.#timer.unref();
  }

  /** Shows that this gateway lives, and looks after those whose gateways do not. */
  async #lookOnce(): Promise<void> {
    try {
      const wasAway = await this.#heartbeats.beat();
      const leaders = new Set<string>();
      for (const { record, call } of this.#entries.values()) if (!call.leads) leaders.add(record.leader);
      await this.#heartbeats.look(leaders);
      for (const entry of [...this.#entries.values()]) {
        if (entry.call.leads) await this.#check(entry, wasAway);
        else if (!this.#heartbeats.lives(entry.record.leader)) await this.#succeed(entry);
        else await this.#checkFollowed(entry);
      }
    } catch {
      // NATS is away: who lives is not known.
      this.#heartbeats.forget();
    }
  }

  async #check(entry: Entry, wasAway: boolean): Promise<void> {
    const { epoch, call } = entry;
    if (wasAway) {
      const known = await this.records.recordOf(epoch);
      if (known !== undefined && known.leader !== this.id) {
        entry.record = known;
        call.loseLead();
      }
    } else if (performance.now() - entry.touchedAt > TOUCH_MS) {
      entry.touchedAt = performance.now();
      this.#know(epoch, await this.records.edit(epoch, () => ({})));
    }
  }

  async #checkFollowed(entry: Entry): Promise<void> {
    entry.lostSince = undefined;
    if (performance.now() - entry.touchedAt < CHECK_MS) return;
    entry.touchedAt = performance.now();
    if ((await this.#link.get(`epoch.${entry.epoch}`)) === undefined) entry.call.abandon(LOST);
  }

  /** Nobody leads: this gateway does, where it can, or another one. */
  async #succeed(entry: Entry): Promise<void> {
    const { epoch, call, reopen } = entry;
    if (entry.isTrying) return;
    entry.lostSince ??= performance.now();
    const known = await this.#link.get(`epoch.${epoch}`);
    const record = known && (JSON.parse(known.text) as SharedRecord);
    if (record !== undefined && record.leader !== entry.record.leader) {
      entry.record = record;
      return;
    }
    if (known === undefined || record === undefined || reopen === undefined) {
      if (performance.now() - entry.lostSince < PATIENCE_MS) return;
      // Equal requests do not wait for it any more.
      if (record !== undefined && record.endedAt === undefined) await this.records.end(epoch);
      call.abandon(LOST);
      return;
    }
    const mine = { ...record, leader: this.id };
    if ((await this.#link.put(`epoch.${epoch}`, JSON.stringify(mine), known.revision)) === undefined) return;
    entry.record = mine;
    entry.isTrying = true;
    void call.takeOver(reopen).then((leads) => {
      if (leads && record.locations !== undefined) entry.onDetached();
      entry.isTrying = false;
      entry.lostSince = undefined;
    });
  }

  /** What fails is done by the server itself after a day. */
  #quietly(act: () => Promise<void>): void {
    act().catch(() => {});
  }
}
