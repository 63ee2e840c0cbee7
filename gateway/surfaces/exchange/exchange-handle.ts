import { Alarm, type CancelSignal, CancelSource, type Listed } from '../../async/index.js';
import type { AbortCause, StallLimit } from '../../bridge/index.js';
import type { Principal, RequestSource } from '../../security/index.js';
import { type Departure, departureMs } from './departure.js';
import type { ExchangeLimits } from './exchange-limits.js';
import type { SeenExchange } from './exchange-row.js';
import type { Peer } from './peer.js';

/** An exchange that is open, as its registry knows it: who opened it aborts and closes it here. */
export class ExchangeHandle implements Listed {
  readonly departure: Departure;
  /** Who calls. */
  readonly principal: Principal;
  listedAt = -1;
  /** Set when its call is opened: what it is, and how far. */
  seen: SeenExchange | undefined;
  /** Set when its stalls are bounded: a surface says here that the client has taken a part of what waits. */
  stall: StallLimit | undefined;
  readonly source: RequestSource;
  readonly #peer: Peer;
  readonly #limits: ExchangeLimits;
  readonly #onClosed: (exchange: ExchangeHandle) => void;
  readonly #cancel = new CancelSource();
  #leaving: Alarm | undefined;
  #hasCall = false;
  #isOpen = true;

  /** Counts the exchange. Throws UNAVAILABLE or RESOURCE_EXHAUSTED when there are too many. */
  constructor(
    departure: Departure,
    source: RequestSource,
    principal: Principal,
    peer: Peer,
    limits: ExchangeLimits,
    onClosed: (exchange: ExchangeHandle) => void,
  ) {
    limits.addExchange(source, principal);
    this.departure = departure;
    this.principal = principal;
    this.source = source;
    this.#peer = peer;
    this.#limits = limits;
    this.#onClosed = onClosed;
  }

  /** Aborts with an `AbortCause`: when the gateway drains, or when `abort` is called. */
  get signal(): CancelSignal {
    return this.#cancel;
  }

  /** Ends the exchange: only the first cause counts. */
  abort(cause: AbortCause): void {
    this.#cancel.abort(cause);
  }

  /** The gateway drains: ends the exchange at its time within the grace, or lets it finish. */
  leave(graceMs: number): void {
    if (this.departure === 'finishes' || this.#leaving !== undefined) return;
    this.#leaving = new Alarm({ onAlarm: () => this.abort('draining') });
    // A call that is not open yet loses nothing elsewhere.
    if (graceMs === 0 || !this.#hasCall) this.abort('draining');
    // Each at a time of its own, so that clients do not all come back at once.
    else this.#leaving.set(Math.random() * departureMs(this.departure, graceMs));
  }

  /** Ends the exchange and its connection at once. */
  cut(): void {
    this.abort('left');
    this.#peer.cut();
  }

  /** The call is about to be opened. Throws RESOURCE_EXHAUSTED when its client has too many. */
  beginCall(): void {
    if (this.#hasCall || !this.#isOpen) return;
    this.#limits.addCall(this.source);
    this.#hasCall = true;
  }

  /** It is over. Calling it again does nothing. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#leaving?.clear();
    this.#limits.removeExchange(this.source, this.principal);
    if (this.#hasCall) this.#limits.removeCall(this.source);
    this.#onClosed(this);
  }
}
