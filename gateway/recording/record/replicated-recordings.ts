import { setTimeout as sleep } from 'node:timers/promises';
import type { Method } from '../../schema/index.js';
import { RpcError } from '../../status/index.js';
import type { LastEventId } from '../../wire/index.js';
import type { GoneCall, NameKind, Replicas, SharedRecord } from '../replica/index.js';
import { type Asked, nameOf, recordOf } from './asked-call.js';
import { newEpoch } from './memory-journal.js';

/** The recordings of this gateway, for what looks for those of others. */
export interface OwnRecordings {
  readonly isHere: (epoch: string) => boolean;
  /** Follows one; `asked`: an equal request, where there is one. Resolves when what is there is here. */
  readonly follow: (
    epoch: string,
    record: SharedRecord,
    method: Method,
    asked: Asked | undefined,
  ) => Promise<void>;
  /** One that nobody reads here yet is not there any more. */
  readonly giveUp: (epoch: string) => void;
  /** A request is for one that is here, perhaps; `name`: that of its `Idempotency-Key`, where that is for this one. */
  readonly isAsked: (epoch: string, asked: Asked, name: string | undefined) => void;
  /** One that is here is found at this location as well. */
  readonly isAt: (epoch: string, location: string) => void;
  /** What was at a location is not kept any more. */
  readonly isGone: (location: string, gone: GoneCall) => void;
}

/** By what a request may find a recording. */
interface RequestNames {
  /** What makes requests equal, where they share a call. */
  readonly key: string | undefined;
  /** Its `Idempotency-Key`, with whose it is. */
  readonly name: string | undefined;
  /** What its event id says. */
  readonly epoch: string | undefined;
}

const NO_NAMES = { key: undefined, name: undefined };
const CATCH_UP_MS = 2_000;
const MOST_TRIES = 5;
const TRY_MS = 50;

/** Finds recordings of other gateways, and follows them here. */
export class ReplicatedRecordings {
  readonly #replicas: Replicas;
  readonly #own: OwnRecordings;
  /** Requests that are equal are looked for one after the other. */
  readonly #turns = new Map<string, Promise<void>>();

  constructor(replicas: Replicas, own: OwnRecordings) {
    this.#replicas = replicas;
    this.#own = own;
  }

  /** After all that was given for this key before. */
  async inTurn(key: string, act: () => Promise<void>): Promise<void> {
    const before = this.#turns.get(key);
    const turn = (before ?? Promise.resolve()).then(act);
    const settled = turn.catch(() => {});
    this.#turns.set(key, settled);
    try {
      await turn;
    } finally {
      if (this.#turns.get(key) === settled) this.#turns.delete(key);
    }
  }

  /**
   * The epoch of a recording to be made for a request. `undefined`: there is one, which `found` finds here from now on. Rejects with UNAVAILABLE, and where its
   * `Idempotency-Key` is another request's.
   */
  async epochFor(asked: Asked, key: string, found: () => string | undefined): Promise<string | undefined> {
    const { method, idempotencyKey, principal, resume } = asked.request;
    const last = resume?.last;
    const names = {
      key: method.recording?.sharing === 'none' ? undefined : key,
      name: idempotencyKey === undefined ? undefined : nameOf(principal, idempotencyKey),
      epoch: last?.kind === 'recorded' ? last.epoch : undefined,
    };
    await this.#bringNamed(names, key, asked);
    await this.reach(last);
    const known = found();
    if (known !== undefined) {
      if (names.name !== undefined) await this.#replicas.records.name(names.name, known);
      // It may have been given up meanwhile.
      if (found() !== undefined) return undefined;
    }
    const own = recordOf(method, key, principal);
    // What goes on after a cursor that no recording has is not what others ask for who name none.
    const claimed = last?.kind === 'cursor' ? { ...names, key: undefined } : names;
    const epoch = await this.#claim(claimed, own, asked);
    if (epoch !== undefined || found() !== undefined) return epoch;
    // What has its names is over, and nothing to go on with.
    return await this.#claim(NO_NAMES, own, asked);
  }

  /** Follows what a request may be for, where another gateway has it. Rejects with UNAVAILABLE, and where its `Idempotency-Key` is another request's. */
  async #bringNamed({ key, name, epoch }: RequestNames, ownKey: string, asked: Asked): Promise<void> {
    if (epoch !== undefined) {
      await this.#bring(epoch, ownKey, asked);
      this.#own.isAsked(epoch, asked, undefined);
    }
    const named = name === undefined ? undefined : await this.#replicas.records.find('name', name);
    if (named !== undefined) {
      const record = await this.#bring(named, ownKey, asked);
      if (record !== undefined && record.key !== ownKey) {
        throw new RpcError('IDEMPOTENCY_CONFLICT', 'header idempotency-key: was used for another request');
      }
      this.#own.isAsked(named, asked, name);
    }
    const shared = key === undefined ? undefined : await this.#replicas.records.find('key', key);
    if (shared === undefined) return;
    await this.#bring(shared, ownKey, asked);
    this.#own.isAsked(shared, asked, undefined);
  }

  /**
   * The epoch of a recording that this gateway makes for a request, which the others know of from then on; `undefined` when another gateway was
   * first, whose recording is followed here. Rejects with UNAVAILABLE.
   */
  async #claim(
    { key, name }: Pick<RequestNames, 'key' | 'name'>,
    record: Omit<SharedRecord, 'leader'>,
    asked: Asked,
  ): Promise<string | undefined> {
    const names: [NameKind, string][] = [];
    if (name !== undefined) names.push(['name', name]);
    if (key !== undefined) names.push(['key', key]);
    const epoch = newEpoch();
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const winner = await this.#replicas.records.claim(epoch, record, names);
      if (winner === epoch) return epoch;
      await this.#bring(winner, record.key, asked);
      if (this.#own.isHere(winner)) return undefined;
      // It is about to be forgotten.
      await sleep(TRY_MS * (tries + 1));
    }
    throw new RpcError('JOURNAL_UNREACHABLE', 'gateways disagree who records this call');
  }

  /** What a client has seen at another gateway is here as well, if it is anywhere. Rejects with UNAVAILABLE. */
  async reach(last: LastEventId | undefined): Promise<void> {
    if (last?.kind === 'recorded') await this.#replicas.reach(last.epoch, last.seq);
  }

  /** The others find it at this location. Rejects with UNAVAILABLE. */
  async locate(epoch: string, location: string): Promise<void> {
    await this.#replicas.locate(epoch, location);
  }

  /** Follows what is at a location of another gateway; `methodOf`: its method, where that is still the same. Rejects with UNAVAILABLE. */
  async bringLocation(
    location: string,
    methodOf: (record: SharedRecord) => Method | undefined,
  ): Promise<void> {
    const found = await this.#replicas.records.at(location);
    if (found === undefined) return;
    if (typeof found !== 'string') {
      this.#own.isGone(location, found);
      return;
    }
    const record = this.#own.isHere(found) ? undefined : await this.#replicas.records.recordOf(found);
    const method = record && methodOf(record);
    if (record !== undefined && method !== undefined && !this.#isLost(found, record, method))
      await this.#follow(found, record, method, undefined);
    this.#own.isAt(found, location);
  }

  /** Follows it, where it is for an equal request. */
  async #bring(epoch: string, key: string, asked: Asked): Promise<SharedRecord | undefined> {
    if (this.#own.isHere(epoch)) return undefined;
    const record = await this.#replicas.records.recordOf(epoch);
    const { method } = asked.request;
    if (record === undefined || this.#isLost(epoch, record, method)) return undefined;
    if (record.key === key) await this.#follow(epoch, record, method, asked);
    return record;
  }

  /** Who leads it may just have given it up: whoever follows hears of that from now on, and sees what was before. */
  async #follow(
    epoch: string,
    record: SharedRecord,
    method: Method,
    asked: Asked | undefined,
  ): Promise<void> {
    await this.#caughtUp(this.#own.follow(epoch, record, method, asked));
    if ((await this.#replicas.records.recordOf(epoch)) === undefined) this.#own.giveUp(epoch);
  }

  /** It is here by now, over for too long, or this gateway has led it and does not keep it any more: others are about to be told. */
  #isLost(epoch: string, record: SharedRecord, method: Method): boolean {
    return this.#own.isHere(epoch) || record.leader === this.#replicas.id || isOld(record, method);
  }

  /** A reader begins where the recording is, unless that takes too long. */
  async #caughtUp(following: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CATCH_UP_MS);
    });
    await Promise.race([following, late]);
    clearTimeout(timer);
  }
}

/** It is over, and would not be kept any more where it was. */
function isOld({ endedAt }: SharedRecord, { recording }: Method): boolean {
  return endedAt !== undefined && recording !== undefined && Date.now() - endedAt > recording.maxAgeMs;
}
