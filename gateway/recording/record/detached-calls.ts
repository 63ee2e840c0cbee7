import { randomBytes } from 'node:crypto';
import { Alarm } from '../../async/index.js';
import { RpcError } from '../../status/index.js';
import type { Recording } from './recording.js';

/** How many calls may go on without their clients; 0: any number. */
export interface DetachLimits {
  readonly detached: number;
  readonly detachedPerPrincipal: number;
}

/** A location is told to be gone for as long as what was there could have been kept, but no more of them than this. */
const MOST_GONE = 10_000;
const GONE_LOOK_MS = 10_000;

/** Calls that outlive their clients, by the locations where they are found. */
export class DetachedCalls {
  readonly #limits: DetachLimits;
  readonly #byLocation = new Map<string, Recording>();
  /** Of each principal, how many run. */
  readonly #running = new Map<string, number>();
  readonly #counted = new Set<Recording>();
  /** What was found at a location once, oldest first: whose it was, and until when it is told, in milliseconds of `performance`. */
  readonly #gone = new Map<string, { readonly principal: string | undefined; readonly until: number }>();
  readonly #alarm = new Alarm({ onAlarm: () => this.#forget() });

  constructor(limits: DetachLimits) {
    this.#limits = limits;
  }

  /** It goes on without its clients from now on. Throws RESOURCE_EXHAUSTED or UNAVAILABLE where too many do. */
  add(recording: Recording): void {
    if (recording.location !== undefined) return;
    const { detached, detachedPerPrincipal } = this.#limits;
    const own = this.#running.get(recording.principal) ?? 0;
    if (detachedPerPrincipal > 0 && own >= detachedPerPrincipal) {
      throw new RpcError(
        'DETACHED_LIMIT',
        `more than ${detachedPerPrincipal} calls that outlive their clients: stop one`,
        {
          headers: { 'retry-after': '1' },
        },
      );
    }
    if (detached > 0 && this.#counted.size >= detached) {
      throw new RpcError('GATEWAY_LIMIT', `more than ${detached} calls that outlive their clients`, {
        headers: { 'retry-after': '1' },
      });
    }
    recording.location = randomBytes(16).toString('base64url');
    recording.detach();
    this.#byLocation.set(recording.location, recording);
    this.#counted.add(recording);
    this.#running.set(recording.principal, own + 1);
  }

  /** A call that another gateway has given this location, and counts. */
  adopt(recording: Recording, location: string): void {
    recording.location = location;
    this.#byLocation.set(location, recording);
  }

  /** Whether something is at a location here. */
  has(location: string): boolean {
    return this.#byLocation.has(location);
  }

  /** What is at a location. Throws NOT_FOUND. What is shared with everyone is everybody's to read. */
  find(location: string, principal: string): Recording {
    const recording = this.#byLocation.get(location);
    if (recording !== undefined && isOf(readersOf(recording), principal)) return recording;
    const gone = this.#gone.get(location);
    if (gone !== undefined && gone.until > performance.now() && isOf(gone.principal, principal)) {
      throw new RpcError('CALL_GONE', 'what was recorded of this call is not kept any more');
    }
    throw notFound();
  }

  /** Ends the call at a location. Throws NOT_FOUND, also for everybody but who opened it. */
  stop(location: string, principal: string): void {
    const recording = this.find(location, principal);
    if (recording.principal !== principal) throw notFound();
    recording.stop(new RpcError('CANCELLED', 'the call was stopped').toStatus());
  }

  /** It runs no more, or is not kept any more. */
  onChanged(recording: Recording): void {
    const { location, principal, rule } = recording;
    if (location === undefined) return;
    if (this.#counted.delete(recording)) {
      const left = (this.#running.get(principal) ?? 1) - 1;
      if (left === 0) this.#running.delete(principal);
      else this.#running.set(principal, left);
    }
    if (recording.state !== 'dropped' || !this.#byLocation.delete(location)) return;
    const [oldest] = this.#gone.keys();
    if (this.#gone.size >= MOST_GONE && oldest !== undefined) this.#gone.delete(oldest);
    this.#gone.set(location, { principal: readersOf(recording), until: performance.now() + rule.maxAgeMs });
    if (!this.#alarm.isSet) this.#alarm.set(GONE_LOOK_MS);
  }

  close(): void {
    this.#alarm.clear();
    this.#gone.clear();
  }

  #forget(): void {
    const now = performance.now();
    for (const [location, { until }] of this.#gone) if (until <= now) this.#gone.delete(location);
    if (this.#gone.size > 0) this.#alarm.set(GONE_LOOK_MS);
  }
}

/** Who may read a recording; `undefined`: everybody. */
function readersOf({ rule, principal }: Recording): string | undefined {
  return rule.sharing === 'everyone' ? undefined : principal;
}

function isOf(readers: string | undefined, principal: string): boolean {
  return readers === undefined || readers === principal;
}

function notFound(): RpcError {
  return new RpcError('CALL_NOT_FOUND', 'there is no call at this location');
}
