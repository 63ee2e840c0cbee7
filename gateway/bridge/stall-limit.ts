import { RpcError } from '../status/index.js';

/** What bounds the stalls of one exchange, and what a stall that lasts too long does. */
export interface StallLimitOptions {
  /** The longest stall, in milliseconds: nothing moves although it could. */
  readonly maxStallMs: number;
  /** In epoch milliseconds: messages that wait for the client wait no longer than this. Absent: as long as a stall may last. */
  readonly deadline?: number | undefined;
  /** Ends the exchange, and says why. */
  readonly exchange: { abort(reason: RpcError): void };
  /** Closes the connection of a client that has stalled. Absent: the connection carries more than this exchange, and stays. */
  readonly peer?: { cut(): void } | undefined;
  /** Hears of a side that has stalled for `TOLD_STALL_MS` or until it was given up, when that is over. Absent: it is not measured. */
  readonly onStall?: ((side: 'client' | 'service', durationMs: number) => void) | undefined;
}

/** Shorter stalls are what flow control consists of, and are not told. */
export const TOLD_STALL_MS = 500;

const NEVER = Number.POSITIVE_INFINITY;

/**
 * Bounds how long either side of an exchange may stall, with one timer for both sides. The timer is not put off at each message: when it
 * fires too early it is set again. Whoever makes one calls `close`.
 */
export class StallLimit {
  readonly #options: StallLimitOptions;
  /** When a stall of the client, or of the service, has lasted too long; in milliseconds of `performance`. */
  #clientDue = NEVER;
  #serviceDue = NEVER;
  /** Since when they stall, where somebody wants to know. */
  #clientSince = NEVER;
  #serviceSince = NEVER;
  readonly #deadline: number;
  #timer: NodeJS.Timeout | undefined;
  #timerDue = NEVER;

  constructor(options: StallLimitOptions) {
    const { deadline } = options;
    this.#options = options;
    this.#deadline = deadline === undefined ? NEVER : performance.now() + deadline - Date.now();
  }

  /** Bounds a wait for the client to make room. Settles as the wait does, which must settle when the exchange is aborted or cut. */
  async forRoom(wait: Promise<void>): Promise<void> {
    this.#boundClient(this.#deadline);
    try {
      await wait;
    } finally {
      this.#clientDue = NEVER;
      this.#clientWent();
    }
  }

  /** Bounds the wait for the client to take the end; the deadline is over by then. */
  async forEnd(wait: Promise<void>): Promise<void> {
    this.#boundClient(NEVER);
    try {
      await wait;
    } finally {
      this.#clientDue = NEVER;
      this.#clientWent();
    }
  }

  /** The client has taken a part of what waits for it, so it does not stall. */
  clientTook(): void {
    if (this.#clientDue === NEVER) return;
    this.#clientWent();
    this.#boundClient(this.#deadline);
  }

  /** The service has been given messages of the client. */
  serviceGiven(): void {
    const now = performance.now();
    this.#serviceSince = now;
    this.#serviceDue = now + this.#options.maxStallMs;
    this.#arm(this.#serviceDue);
  }

  /** It has taken them, or will get no more. */
  serviceTook(): void {
    this.#serviceDue = NEVER;
    if (this.#options.onStall === undefined) return;
    this.#tell('service', this.#serviceSince);
    this.#serviceSince = NEVER;
  }

  /** Who keeps the exchange waiting now, and for how long, in milliseconds; `undefined`: it goes on. */
  get stalled(): { readonly side: 'client' | 'service'; readonly forMs: number } | undefined {
    const isClient = this.#clientDue !== NEVER;
    if (!isClient && this.#serviceDue === NEVER) return undefined;
    const since = isClient ? this.#clientSince : this.#serviceSince;
    return { side: isClient ? 'client' : 'service', forMs: performance.now() - since };
  }

  /** The exchange is over. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerDue = NEVER;
    this.#clientDue = NEVER;
    this.#serviceDue = NEVER;
  }

  #boundClient(atMost: number): void {
    const now = performance.now();
    this.#clientSince = now;
    this.#clientDue = Math.min(now + this.#options.maxStallMs, atMost);
    this.#arm(this.#clientDue);
  }

  #clientWent(): void {
    if (this.#options.onStall === undefined) return;
    this.#tell('client', this.#clientSince);
    this.#clientSince = NEVER;
  }

  #tell(side: 'client' | 'service', since: number): void {
    const { onStall, maxStallMs } = this.#options;
    if (since === NEVER) return;
    const durationMs = performance.now() - since;
    if (durationMs >= Math.min(TOLD_STALL_MS, maxStallMs)) onStall?.(side, durationMs);
  }

  #arm(due: number): void {
    if (due >= this.#timerDue) return;
    clearTimeout(this.#timer);
    this.#timerDue = due;
    this.#timer = setTimeout(lookAgain, Math.max(0, Math.ceil(due - performance.now())), this).unref();
  }

  /** For its timer. */
  look(): void {
    const { maxStallMs, exchange, peer } = this.#options;
    this.#timer = undefined;
    this.#timerDue = NEVER;
    const now = performance.now();
    if (now >= this.#clientDue) {
      this.#clientDue = NEVER;
      if (now >= this.#deadline) exchange.abort(new RpcError('DEADLINE_PASSED', 'the deadline has passed'));
      else {
        exchange.abort(
          new RpcError('CLIENT_STALLED', `the client read nothing for ${maxStallMs} ms: see --max-pause-ms`),
        );
        peer?.cut();
      }
    }
    if (now >= this.#serviceDue) {
      this.#serviceDue = NEVER;
      exchange.abort(
        new RpcError(
          'SERVICE_STALLED',
          `the service accepted nothing for ${maxStallMs} ms: see --max-pause-ms`,
        ),
      );
    }
    const next = Math.min(this.#clientDue, this.#serviceDue);
    if (next !== NEVER) this.#arm(next);
  }
}

/** One function for all of them. */
function lookAgain(stall: StallLimit): void {
  stall.look();
}
