import { Bell, OpenList } from '../../async/index.js';
import { ANONYMOUS, type Principal, type RequestSource } from '../../security/index.js';
import type { Departure } from './departure.js';
import { ExchangeHandle } from './exchange-handle.js';
import { ExchangeLimits } from './exchange-limits.js';
import type { Peer } from './peer.js';

/** Every open exchange of a gateway: the registry that draining works on, and that limits count. */
export class Exchanges {
  readonly limits: ExchangeLimits;
  readonly #open = new OpenList<ExchangeHandle>();
  /** Connections that carry exchanges of their own, and what tells them of draining. */
  readonly #carriers = new Set<(graceMs: number) => void>();
  /** Rings when nothing is open any more. */
  readonly #idle = new Bell();
  #draining = false;

  constructor(limits: ExchangeLimits = new ExchangeLimits()) {
    this.limits = limits;
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** How many connections carry exchanges of their own. */
  get carriers(): number {
    return this.#carriers.size;
  }

  /** No new exchange may begin. */
  get draining(): boolean {
    return this.#draining;
  }

  /**
   * Adds an exchange, whose call is not open yet. Throws UNAVAILABLE or RESOURCE_EXHAUSTED when there are too many, of this client or of all.
   * Whoever opens one calls `close`.
   */
  open(
    departure: Departure,
    source: RequestSource,
    peer: Peer,
    principal: Principal = ANONYMOUS,
  ): ExchangeHandle {
    const exchange = new ExchangeHandle(departure, source, principal, peer, this.limits, this.#onClosed);
    this.#open.add(exchange);
    // It has not begun: nothing is lost.
    if (this.#draining) exchange.leave(0);
    return exchange;
  }

  /** Those that are open, in no order. */
  all(): Iterable<ExchangeHandle> {
    return this.#open.all();
  }

  /** Throws what `open` and the handle's `beginCall` would throw, before it is too late for an HTTP status. */
  assertRoom(source: RequestSource, principal: Principal): void {
    this.limits.assertRoom(source, principal);
    this.limits.assertRoomForCall(source);
  }

  /**
   * Adds a connection that carries exchanges, and ends them itself when the gateway drains: `onDrain` tells it, once, and how long the grace is.
   * Draining waits until the function that is returned was called.
   */
  carry(onDrain: (graceMs: number) => void): () => void {
    // A set of functions: each connection needs one of its own.
    const carrier = (graceMs: number) => onDrain(graceMs);
    this.#carriers.add(carrier);
    if (this.#draining) carrier(0);
    return () => {
      this.#carriers.delete(carrier);
      this.#tellIdle();
    };
  }

  readonly #onClosed = (exchange: ExchangeHandle): void => {
    this.#open.delete(exchange);
    this.#tellIdle();
  };

  #tellIdle(): void {
    if (this.#isIdle) this.#idle.ring();
  }

  get #isIdle(): boolean {
    return this.#open.size === 0 && this.#carriers.size === 0;
  }

  /**
   * Ends streams, politely and each at a time of its own within `graceMs`, and resolves when the last exchange is over and the last carrier gone. Calling it
   * again only waits.
   */
  async drain(graceMs = 0): Promise<void> {
    if (!this.#draining) {
      this.#draining = true;
      for (const carrier of [...this.#carriers]) carrier(graceMs);
      for (const exchange of this.#open.all()) exchange.leave(graceMs);
    }
    if (!this.#isIdle) await this.#idle.wait();
  }

  /** The grace is over: ends everything that is left, and cuts its connections. */
  abortAll(): void {
    for (const exchange of this.#open.all()) exchange.cut();
  }
}
