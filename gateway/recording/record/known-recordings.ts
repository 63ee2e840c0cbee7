import type { RecordingRule } from '../../schema/index.js';
import { RpcError } from '../../status/index.js';
import { type AskedCall, isBroken, nameOf } from './asked-call.js';
import type { Beginning } from './beginning.js';
import { afterCursor, beginningAt } from './reader-point.js';
import type { Recording } from './recording.js';

/** The recordings that a gateway has, by what a request may find them with. */
export class KnownRecordings {
  /** All of them by the epochs of their journals, which nobody can guess. */
  readonly byEpoch = new Map<string, Recording>();
  /** Those that run and are shared, by what makes requests equal. */
  readonly shared = new Map<string, Recording>();
  /** By principal and `Idempotency-Key`. */
  readonly #byIdempotency = new Map<string, Recording>();
  readonly #idempotencyOf = new Map<Recording, string>();

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
      idempotencyKey === undefined ? undefined : this.#byIdempotency.get(nameOf(principal, idempotencyKey));
    if (known !== undefined && known.key !== key) {
      throw new RpcError('IDEMPOTENCY_CONFLICT', 'header idempotency-key: was used for another request');
    }
    const named = known ?? (last?.kind === 'recorded' ? this.byEpoch.get(last.epoch) : undefined);
    // Another principal's, or that of another request, is as unknown as one that never was.
    const old = named?.key === key && !isBroken(named, resume) ? named : undefined;
    const shared = rule.sharing === 'none' ? undefined : this.shared.get(key);
    // One that has just ended is about to be taken out.
    const recording = old ?? (shared?.state === 'running' ? shared : undefined);
    if (recording === undefined) return undefined;
    recording.evictAged();
    // A service that knows cursors goes on after one that is not kept.
    const beginning =
      last?.kind === 'cursor' ? afterCursor(recording, last.cursor) : beginningAt(recording, resume);
    return beginning && { recording, beginning };
  }

  /** An `Idempotency-Key` is for this one, unless another one was before: see `nameOf`. */
  name(recording: Recording, name: string): void {
    if (this.#idempotencyOf.has(recording)) return;
    this.#byIdempotency.set(name, recording);
    this.#idempotencyOf.set(recording, name);
  }

  /** It is over, or nothing of it is left. */
  onChanged(recording: Recording): void {
    const { key, journal, state } = recording;
    if (this.shared.get(key) === recording) this.shared.delete(key);
    if (state !== 'dropped') return;
    this.byEpoch.delete(journal.epoch);
    const name = this.#idempotencyOf.get(recording);
    this.#idempotencyOf.delete(recording);
    if (name !== undefined && this.#byIdempotency.get(name) === recording) this.#byIdempotency.delete(name);
  }
}
