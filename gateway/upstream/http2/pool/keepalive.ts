export interface KeepaliveOptions {
  /** Silence before a ping. 0 switches it off. */
  readonly timeMs: number;
  /** How long the answer may take. */
  readonly timeoutMs: number;
  /** Sends a ping and calls back when it is answered. False when it cannot be sent. */
  readonly ping: (answered: () => void) => boolean;
  /** Without calls there is nothing to guard, and servers punish such pings. */
  readonly hasCalls: () => boolean;
  /** Called at most once. */
  readonly onDead: () => void;
}

/**
 * Servers count a ping as abuse when the last is less than this ago and they have sent nothing since.
 * 5 minutes is their common default (grpc-go, grpc-java, gRPC core), and a little for the clocks.
 */
const MIN_REPEAT_MS = 310_000;

/** A timer that fires after this multiple of its delay is late. */
const LATE = 1.5;

/**
 * Notices a peer that has vanished. It pings only into silence: the first ping after something was received costs
 * nothing in the peer's book, so it comes early; further ones into the same silence keep the distance that
 * servers demand. A busy connection is never pinged. Source: gRFC A8, A9.
 */
export class Keepalive {
  readonly #options: KeepaliveOptions;
  readonly #timer: NodeJS.Timeout | undefined;
  #answerTimer: NodeJS.Timeout | undefined;
  #heard = true;
  #pingedAt = Number.NEGATIVE_INFINITY;
  #pingedInSilence = false;

  constructor(options: KeepaliveOptions) {
    this.#options = options;
    if (options.timeMs > 0) this.#timer = setInterval(() => this.#tick(), options.timeMs).unref();
  }

  /** Something of a call was received. Cheap: called for every chunk. */
  heard(): void {
    this.#heard = true;
  }

  stop(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#answerTimer);
  }

  #tick(): void {
    if (this.#heard) {
      this.#heard = false;
      this.#pingedInSilence = false;
      return;
    }
    const now = performance.now();
    if (this.#answerTimer || !this.#options.hasCalls()) return;
    if (this.#pingedInSilence && now - this.#pingedAt < MIN_REPEAT_MS) return;
    if (!this.#options.ping(() => this.#answered())) return;
    this.#pingedInSilence = true;
    this.#pingedAt = now;
    this.#await(true);
  }

  #await(isFirst: boolean): void {
    const { timeoutMs, onDead } = this.#options;
    const begun = performance.now();
    this.#answerTimer = setTimeout(() => {
      // We were stalled ourselves (a throttled container): the answer may lie in the kernel unread. It has its time once more.
      if (isFirst && performance.now() - begun > LATE * timeoutMs) return this.#await(false);
      this.stop();
      onDead();
    }, timeoutMs).unref();
  }

  #answered(): void {
    clearTimeout(this.#answerTimer);
    this.#answerTimer = undefined;
  }
}
