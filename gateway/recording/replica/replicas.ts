import { randomBytes } from 'node:crypto';
import type { Status } from '../../status/index.js';
import type { Call } from '../../upstream/index.js';
import { Deputies } from './deputies.js';
import { type Adopter, type HandedRequest, HandOver, type KnownRequest } from './hand-over.js';
import { Heartbeats } from './heartbeats.js';
import { Lookout } from './lookout.js';
import type { Member, MemberEntry } from './member.js';
import type { NatsLink } from './nats-link.js';
import { LOST, SharedCall } from './shared-call.js';
import { SharedLog } from './shared-log.js';
import { detachedMs, type GoneCall, type SharedRecord, SharedRecords } from './shared-records.js';
import { SharedSubjects } from './shared-subjects.js';

/** In place of a gateway: it is looked up. */
const UNKNOWN = 'unknown';

/** What the others are told while NATS is away is told again after so long, in milliseconds, then after twice that, and so on. */
const RETRY_MS = 500;
const MOST_WAIT_MS = 2 * 60 * 1_000;

/** The recordings that several gateways share: who leads which, and how they are found. Whoever opens it closes it. */
export class Replicas {
  /** This gateway among the others. */
  readonly id = randomBytes(12).toString('base64url');
  readonly #link: NatsLink;
  readonly records: SharedRecords;
  readonly #heartbeats: Heartbeats;
  readonly #entries = new Map<string, MemberEntry>();
  readonly #subjects: SharedSubjects;
  readonly #handOver: HandOver;
  readonly #deputies: Deputies;
  readonly #lookout: Lookout;
  /** Goes on with what nobody here has asked for; absent: nothing does. */
  adopter: Adopter | undefined;
  #isLeaving = false;
  #isClosed = false;

  private constructor(link: NatsLink) {
    this.#link = link;
    this.records = new SharedRecords(link, this.id);
    this.#heartbeats = new Heartbeats(link, this.id);
    this.#subjects = new SharedSubjects(link);
    this.#handOver = new HandOver(link, this.id, () => this.#lookout.hurry());
    this.#deputies = new Deputies({
      id: this.id,
      link,
      records: this.records,
      handOver: this.#handOver,
      entries: this.#entries,
      adopter: () => (this.#isLeaving ? undefined : this.adopter),
    });
    this.#lookout = new Lookout({
      deputies: this.#deputies,
      id: this.id,
      link,
      records: this.records,
      heartbeats: this.#heartbeats,
      entries: this.#entries,
      takeOver: (entry, record, request) => this.#takeOver(entry, record, request),
    });
    this.#handOver.open({
      knows: async (kind) => (await this.adopter?.knows(kind)) === true,
      take: (epoch, request) => this.#take(epoch, request),
    });
  }

  static async open(link: NatsLink): Promise<Replicas> {
    const replicas = new Replicas(link);
    await replicas.#heartbeats.beat();
    replicas.#lookout.open();
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
  knowRequest(epoch: string, request: KnownRequest): void {
    const entry = this.#entries.get(epoch);
    if (entry !== undefined) entry.request ??= request;
  }

  /** Whether this gateway leads a recording. */
  leads(epoch: string): boolean {
    return this.#entries.get(epoch)?.record.leader === this.id;
  }

  /** Whether this gateway leads it, and waits for the service: not for NATS to take what came before. */
  isHeard(epoch: string): boolean {
    return this.leads(epoch) && this.#entries.get(epoch)?.call.isWriting === false;
  }

  /** See `SharedCall.reach`. */
  async reach(epoch: string, seq: number): Promise<void> {
    await this.#entries.get(epoch)?.call.reach(seq);
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
      return await this.#subjects.isFollowed(epoch);
    } catch {
      return !this.#isClosed;
    }
  }

  /** Tells who leads where the slowest reader here is; `undefined`: there is none. */
  tellPosition(epoch: string, position: number | undefined): void {
    this.#subjects.tellPosition(epoch, this.id, position);
  }

  /** Ends the call where it is led. */
  stopElsewhere(epoch: string, status: Status): void {
    this.#subjects.tellStop(epoch, status);
  }

  /** It runs no more: equal requests make a call of their own. */
  ended(epoch: string): void {
    const entry = this.#entries.get(epoch);
    if (entry === undefined || !this.leads(epoch) || this.#isClosed) return;
    this.#deputies.release(epoch);
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
    if (!this.#isClosed) this.#deputies.release(epoch);
    if (!leads || this.#isClosed) return;
    this.#quietly(async () => {
      // Others have given it locations.
      const record = (await this.records.recordOf(epoch)) ?? entry.record;
      await this.records.forget(epoch, record, gone);
      this.#subjects.tellGone(epoch);
    });
  }

  /** From now on it leads nothing anew, and nothing is handed to it. */
  leave(): void {
    this.#isLeaving = true;
    this.#lookout.leave();
    this.#handOver.close();
  }

  /**
   * Hands over a recording that it leads, to a gateway whose clients follow it, or, where it goes on without clients, to any that can go on with it: by cursor, in
   * the same journal. False where there is none. Clients that are still here follow. Rejects when NATS is away.
   */
  async handOver(epoch: string): Promise<boolean> {
    const entry = this.#entries.get(epoch);
    if (entry === undefined || !entry.call.leads) return true;
    const request = await entry.request?.handed();
    if (request === undefined) return false;
    const any = () => (entry.isDetached() ? this.#handOver.anyHeir(entry.record) : undefined);
    const heir = (await this.#subjects.heirOf(epoch)) ?? (await any());
    if (heir === undefined) return false;
    await this.records.edit(epoch, () => ({ leader: heir }));
    const isTaken = await this.#handOver.give(heir, { epoch, request });
    this.#know(epoch, await this.records.edit(epoch, () => ({ leader: isTaken ? heir : this.id })));
    // What it was just writing is written, or never was.
    if (isTaken) entry.call.loseLead();
    return isTaken;
  }

  /** Leaves what it leads to the others, at once. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.leave();
    this.#lookout.close();
    this.#deputies.close();
    for (const { call, stopListening } of this.#entries.values()) {
      stopListening();
      call.giveUp();
    }
    this.#entries.clear();
    await this.#heartbeats.stop();
    this.#handOver.tellLeft();
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
    });
    const stopListening = this.#subjects.answer(epoch, {
      isFollowed: () => !this.leads(epoch) && member.isWanted(),
      heir: () => {
        const canLead = !this.leads(epoch) && this.#entries.get(epoch)?.request !== undefined;
        return canLead && !this.#isLeaving ? this.id : undefined;
      },
      onStop: (status) => {
        if (this.leads(epoch)) member.onStop(status);
      },
      onPosition: (gateway, position) => {
        if (this.leads(epoch)) member.onPosition(gateway, position);
      },
      onGone: () => {
        if (!this.leads(epoch) && !member.dropUnread()) call.abandon(LOST);
      },
    });
    const touchedAt = performance.now();
    const state = { lostSince: undefined, isTrying: false, isDeputed: false, touchedAt };
    this.#entries.set(epoch, { ...member, call, record, ...state, stopListening });
    return call;
  }

  #know(epoch: string, record: SharedRecord | undefined): void {
    const entry = this.#entries.get(epoch);
    if (entry !== undefined && record !== undefined) entry.record = record;
  }

  #takeOver(entry: MemberEntry, record: SharedRecord, request: Pick<KnownRequest, 'reopen'>): void {
    entry.record = record;
    entry.isTrying = true;
    void entry.call
      .takeOver(() => request.reopen())
      .then((leads) => {
        if (leads && record.locations !== undefined) entry.onDetached(detachedMs(record));
        entry.isTrying = false;
        entry.lostSince = undefined;
      });
  }

  /** Another gateway that leaves hands over what it leads. */
  async #take(epoch: string, handed: HandedRequest | undefined): Promise<boolean> {
    const record = await this.records.recordOf(epoch);
    if (record?.leader !== this.id || this.#isLeaving) return false;
    if (handed !== undefined && !this.#entries.has(epoch)) await this.adopter?.adopt(epoch, record, handed);
    const entry = this.#entries.get(epoch);
    if (entry?.request === undefined || entry.call.leads) return false;
    this.#takeOver(entry, record, entry.request);
    return true;
  }

  /** Until NATS has it, for some minutes; what fails still is done by the server itself after a day. */
  #quietly(act: () => Promise<void>): void {
    const attempt = (waitMs: number) => {
      act().catch(() => {
        if (waitMs > MOST_WAIT_MS || this.#isClosed) return;
        setTimeout(() => attempt(2 * waitMs), waitMs).unref();
      });
    };
    attempt(RETRY_MS);
  }
}
