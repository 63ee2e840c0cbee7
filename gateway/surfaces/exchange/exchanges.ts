import { Bell } from '../../async/index.js';
import type { AbortCause } from '../../bridge/index.js';
import type { RequestSource } from '../../security/index.js';
import { CountedExchange, ExchangeLimits } from './exchange-limits.js';

/** What is known of an open exchange by whoever must end it. */
interface OpenExchange {
  /** It ends by itself soon: a unary call, a client stream, a file. Draining lets it finish. */
  readonly finite: boolean;
  readonly controller: AbortController;
}

/** An exchange that is open; whoever opened it calls `close`. */
export interface ExchangeHandle {
  /** Aborts when the gateway drains, or when `abort` is called. */
  readonly signal: AbortSignal;
  /** The client's address, for the log. */
  readonly peer: string;
  abort(cause: AbortCause): void;
  /** Before its call is opened. Throws RESOURCE_EXHAUSTED when its client has too many calls. */
  beginCall(): void;
  close(): void;
}

/** Without bounds. */
const ANY_NUMBER = { exchanges: 0, exchangesPerAddress: 0, callsPerAddress: () => 0 } as const;

/** Every open exchange of a gateway: the registry that draining works on, and that limits count. */
export class Exchanges {
  readonly limits: ExchangeLimits;
  readonly #open = new Set<OpenExchange>();
  /** Connections that carry exchanges of their own, and what tells them of draining. */
  readonly #carriers = new Set<() => void>();
  /** Rings when nothing is open any more. */
  readonly #idle = new Bell();
  #draining = false;

  constructor(limits: ExchangeLimits = new ExchangeLimits(ANY_NUMBER)) {
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

  /** Adds an exchange. Throws UNAVAILABLE or RESOURCE_EXHAUSTED when there are too many, of this client or of all. */
  open(finite: boolean, source: RequestSource): ExchangeHandle {
    const counted = new CountedExchange(this.limits, source);
    const controller = new AbortController();
    const exchange = { finite, controller };
    this.#open.add(exchange);
    if (this.#draining && !finite) controller.abort('draining' satisfies AbortCause);
    return {
      signal: controller.signal,
      peer: source.address,
      abort: (cause) => controller.abort(cause),
      beginCall: () => counted.beginCall(),
      close: () => {
        counted.close();
        this.#open.delete(exchange);
        this.#leave();
      },
    };
  }

  /** The same for one that opens its call at once: throws as `beginCall` does as well, and has added nothing then. */
  openWithCall(finite: boolean, source: RequestSource): ExchangeHandle {
    const exchange = this.open(finite, source);
    try {
      exchange.beginCall();
    } catch (reason) {
      exchange.close();
      throw reason;
    }
    return exchange;
  }

  /** Throws what `openWithCall` would throw, before it is too late for an HTTP status. */
  assertRoom(source: RequestSource): void {
    this.limits.assertRoom(source);
    this.limits.assertRoomForCall(source);
  }

  /**
   * Adds a connection that carries exchanges, and ends them itself when the gateway drains: `onDrain` tells it, once. Draining waits until
   * the function that is returned was called.
   */
  carry(onDrain: () => void): () => void {
    // A set of functions: each connection needs one of its own.
    const carrier = () => onDrain();
    this.#carriers.add(carrier);
    if (this.#draining) carrier();
    return () => {
      this.#carriers.delete(carrier);
      this.#leave();
    };
  }

  #leave(): void {
    if (this.#idleNow) this.#idle.ring();
  }

  get #idleNow(): boolean {
    return this.#open.size === 0 && this.#carriers.size === 0;
  }

  /** Ends what would never end, politely, and resolves when the last exchange is over and the last carrier gone. */
  async drain(): Promise<void> {
    this.#draining = true;
    for (const carrier of [...this.#carriers]) carrier();
    for (const { finite, controller } of this.#open) {
      if (!finite) controller.abort('draining' satisfies AbortCause);
    }
    if (!this.#idleNow) await this.#idle.wait();
  }

  /** The grace is over: ends everything that is left. */
  abortAll(): void {
    for (const { controller } of this.#open) controller.abort('left' satisfies AbortCause);
  }
}
