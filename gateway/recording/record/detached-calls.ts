import { Alarm } from '../../async/index.js';
import { RpcError } from '../../status/index.js';
import { newLocation } from '../new-location.js';
import type { Recording } from './recording.js';

/** How many calls may go on without their clients; 0: any number. */
export interface DetachLimits {
  readonly detached: number;
  readonly detachedPerPrincipal: number;
}

/** A location is told to be gone for as long as what was there could have been kept, but no more of them than this. */
const MOST_GONE = 10_000;
const GONE_LOOK_MS = 10_000;

/** A call that several ask for has no more places than this. */
const MOST_PLACES = 100;

/** A location of a call, and whose it is where it counts as one of those that run. */
interface Place {
  readonly location: string;
  readonly counts: string | undefined;
}

/** Calls that outlive their clients, by the locations where they are found. */
export class DetachedCalls {
  readonly #limits: DetachLimits;
  readonly #byLocation = new Map<string, Recording>();
  readonly #places = new Map<Recording, Place[]>();
  /** Of each principal, how many run; of all together. */
  readonly #running = new Map<string, number>();
  #allRunning = 0;
  /** What was found at a location once, oldest first: whose it was, and until when it is told, in milliseconds of `performance`. */
  readonly #gone = new Map<string, { readonly principal: string | undefined; readonly until: number }>();
  readonly #alarm = new Alarm({ onAlarm: () => this.#forget() });

  constructor(limits: DetachLimits) {
    this.#limits = limits;
  }

  /**
   * It goes on without its clients from now on. `location`: what its client has been told already, a place of its own where the call has one. Each counts for
   * the principal who asks. Throws RESOURCE_EXHAUSTED or UNAVAILABLE where too many do.
   */
  add(recording: Recording, principal: string, location?: string): void {
    if (recording.location !== undefined && location === undefined) return;
    const places = this.#places.get(recording) ?? [];
    const isRunning = recording.state === 'running';
    if (isRunning) this.#assertRoom(principal);
    if (places.length >= MOST_PLACES) {
      throw new RpcError(
        'DETACHED_LIMIT',
        `more than ${MOST_PLACES} locations of one call: join it at one of them`,
      );
    }
    const place = location ?? newLocation();
    recording.location ??= place;
    if (isRunning) {
      recording.detach();
      this.#running.set(principal, (this.#running.get(principal) ?? 0) + 1);
      this.#allRunning += 1;
    }
    places.push({ location: place, counts: isRunning ? principal : undefined });
    this.#places.set(recording, places);
    this.#byLocation.set(place, recording);
  }

  #assertRoom(principal: string): void {
    const { detached, detachedPerPrincipal } = this.#limits;
    if (detachedPerPrincipal > 0 && (this.#running.get(principal) ?? 0) >= detachedPerPrincipal) {
      throw new RpcError(
        'DETACHED_LIMIT',
        `more than ${detachedPerPrincipal} calls that outlive their clients: stop one`,
        {
          headers: { 'retry-after': '1' },
        },
      );
    }
    if (detached > 0 && this.#allRunning >= detached) {
      throw new RpcError('GATEWAY_LIMIT', `more than ${detached} calls that outlive their clients`, {
        headers: { 'retry-after': '1' },
      });
    }
  }

  /** A call that another gateway has given this location, and counts. */
  adopt(recording: Recording, location: string): void {
    if (this.#byLocation.has(location)) return;
    recording.location ??= location;
    this.#byLocation.set(location, recording);
    const places = this.#places.get(recording) ?? [];
    places.push({ location, counts: undefined });
    this.#places.set(recording, places);
  }

  /** Tells until then, in milliseconds of `performance`, that what was at a location is gone. `readers`: who may know; `undefined`: everybody. */
  forget(location: string, readers: string | undefined, until: number): void {
    this.#byLocation.delete(location);
    const [oldest] = this.#gone.keys();
    if (this.#gone.size >= MOST_GONE && oldest !== undefined) this.#gone.delete(oldest);
    this.#gone.set(location, { principal: readers, until });
    if (!this.#alarm.isSet) this.#alarm.set(GONE_LOOK_MS);
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
    const places = this.#places.get(recording);
    if (places === undefined) return;
    const { state, rule } = recording;
    if (state !== 'running') {
      for (const [index, { location, counts }] of places.entries()) {
        if (counts === undefined) continue;
        this.#release(counts);
        places[index] = { location, counts: undefined };
      }
    }
    if (state !== 'dropped') return;
    this.#places.delete(recording);
    const until = performance.now() + rule.maxAgeMs;
    for (const { location } of places) this.forget(location, readersOf(recording), until);
  }

  #release(principal: string): void {
    this.#allRunning -= 1;
    const left = (this.#running.get(principal) ?? 1) - 1;
    if (left === 0) this.#running.delete(principal);
    else this.#running.set(principal, left);
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
export function readersOf({ rule, principal }: Recording): string | undefined {
  return rule.sharing === 'everyone' ? undefined : principal;
}

function isOf(readers: string | undefined, principal: string): boolean {
  return readers === undefined || readers === principal;
}

function notFound(): RpcError {
  return new RpcError('CALL_NOT_FOUND', 'there is no call at this location');
}
