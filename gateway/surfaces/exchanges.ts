import type { AbortCause } from '../bridge/index.js';

/** What is known of an open exchange by whoever must end it. */
interface OpenExchange {
  /** It ends by itself soon: a unary call, a client stream, a file. Draining lets it finish. */
  readonly finite: boolean;
  readonly controller: AbortController;
}

/** Every open exchange of a gateway: the registry that draining works on. */
export class Exchanges {
  readonly #open = new Set<OpenExchange>();
  /** Connections that carry exchanges of their own, and what tells them of draining. */
  readonly #carriers = new Set<() => void>();
  readonly #idle: (() => void)[] = [];
  #draining = false;

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

  /** Adds an exchange. Its signal aborts when the gateway drains; `close` removes it. */
  open(finite: boolean): { readonly signal: AbortSignal; abort(cause: AbortCause): void; close(): void } {
    const controller = new AbortController();
    const exchange = { finite, controller };
    this.#open.add(exchange);
    if (this.#draining && !finite) controller.abort('draining' satisfies AbortCause);
    return {
      signal: controller.signal,
      abort: (cause) => controller.abort(cause),
      close: () => {
        this.#open.delete(exchange);
        this.#leave();
      },
    };
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
    if (this.#idleNow) for (const resolve of this.#idle.splice(0)) resolve();
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
    if (!this.#idleNow) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** The grace is over: ends everything that is left. */
  abortAll(): void {
    for (const { controller } of this.#open) controller.abort('left' satisfies AbortCause);
  }
}
