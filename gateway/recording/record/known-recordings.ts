import type { RecordingRule } from '../../schema/index.js';
import { RpcError } from '../../status/index.js';
import { type AskedCall, isBroken, nameOf } from './asked-call.js';
import type { Beginning } from './beginning.js';
import { IdempotencyNames } from './idempotency-names.js';
import { beginningAt, behindCursor } from './reader-point.js';
import type { Recording } from './recording.js';

/** A cursor is looked for in so many calls that were begun behind another one: each is a look at all that is kept. */
const MOST_SEARCHED = 2;

/** The running calls of one key that were begun behind a cursor of the service. */
class BegunBehind {
  readonly byCursor = new Map<string, Recording>();
  /** The newest of them, the last one last. */
  #newest: readonly Recording[] = [];

  get newest(): readonly Recording[] {
    return this.#newest;
  }

  add(cursor: string, recording: Recording): void {
    this.byCursor.set(cursor, recording);
    this.#newest = [...this.#newest, recording].slice(-MOST_SEARCHED);
  }

  delete(cursor: string, recording: Recording): void {
    if (this.byCursor.get(cursor) === recording) this.byCursor.delete(cursor);
    this.#newest = this.#newest.filter((one) => one !== recording);
  }
}

/** The recordings that a gateway has, by what a request may find them with. */
export class KnownRecordings {
  /** All of them by the epochs of their journals, which nobody can guess. */
  readonly byEpoch = new Map<string, Recording>();
  /** Those that run and are shared, by what makes requests equal. */
  readonly shared = new Map<string, Recording>();
  /** Those that run, are shared, and were begun behind a cursor of the service: by the same. */
  readonly #behind = new Map<string, BegunBehind>();
  readonly names = new IdempotencyNames();

  /** How many clients follow one. */
  get readers(): number {
    let readers = 0;
    for (const recording of this.byEpoch.values()) readers += recording.readers;
    return readers;
  }

  /** The recording that a request is for, where there is one here, and where it goes on in it. Throws what is wrong with the request. */
  placeFor(
    { method, resume, idempotencyKey, principal }: AskedCall,
    key: string,
  ): { recording: Recording; beginning: Beginning } | undefined {
    const last = resume?.last;
    const rule = method.recording as RecordingRule;
    const known =
      idempotencyKey === undefined ? undefined : this.names.find(nameOf(principal, idempotencyKey));
    if (known !== undefined && known.key !== key) {
      throw new RpcError('IDEMPOTENCY_CONFLICT', 'header idempotency-key: was used for another request');
    }
    const named = known ?? (last?.kind === 'recorded' ? this.byEpoch.get(last.epoch) : undefined);
    // Another principal's, or that of another request, is as unknown as one that never was.
    const old = named?.key === key && !isBroken(named, resume) ? named : undefined;
    const cursor = last?.kind === 'cursor' ? last.cursor : undefined;
    for (const recording of old === undefined ? this.#running(rule, key, cursor) : [old]) {
      recording.evictAged();
      const beginning =
        cursor === undefined ? beginningAt(recording, resume) : behindCursor(recording, resume, cursor);
      if (beginning !== undefined) return { recording, beginning };
    }
    // A service that knows cursors goes on after one that is not kept.
    return undefined;
  }

  /** One that was begun behind this cursor, which others may join who come for the same. */
  begunBehind(recording: Recording, cursor: string): void {
    const { key } = recording;
    const known = this.#behind.get(key) ?? new BegunBehind();
    this.#behind.set(key, known);
    known.add(cursor, recording);
    recording.begunBehind = cursor;
  }

  /** Where an equal request may find its messages: in the one call that all share, and in some that were begun behind a cursor. */
  #running(rule: RecordingRule, key: string, cursor: string | undefined): Recording[] {
    const shared = rule.sharing === 'none' ? undefined : this.shared.get(key);
    const found = shared === undefined ? [] : [shared];
    const behind = cursor === undefined ? undefined : this.#behind.get(key);
    if (behind !== undefined && cursor !== undefined) {
      const same = behind.byCursor.get(cursor);
      if (same !== undefined) found.unshift(same);
      for (const recent of behind.newest) found.push(recent);
    }
    // One that has just ended is about to be taken out.
    return found.filter(({ state }) => state === 'running');
  }

  /** It is over, or nothing of it is left. */
  onChanged(recording: Recording): void {
    const { key, journal, state } = recording;
    if (this.shared.get(key) === recording) this.shared.delete(key);
    const behind = this.#behind.get(key);
    const cursor = recording.begunBehind;
    if (behind !== undefined && cursor !== undefined) {
      behind.delete(cursor, recording);
      if (behind.byCursor.size === 0) this.#behind.delete(key);
    }
    if (state !== 'dropped') return;
    this.byEpoch.delete(journal.epoch);
    this.names.forget(recording);
  }
}
