/** What was sent to be answered at once: pings, and our settings. How long the answers take tells how far away the peer is. */
export class RoundTrips {
  /** The least time to the peer and back so far, in milliseconds; 0 while it is not known. What is busy answers late. */
  leastMs = 0;
  readonly #pings: { readonly sentAt: number; readonly answered: () => void }[] = [];
  #greetedAt = Number.NaN;

  /** Our settings have left. */
  greeted(): void {
    this.#greetedAt = performance.now();
  }

  /** The peer has taken them. */
  settled(): void {
    this.#took(this.#greetedAt);
  }

  /** A ping was sent. */
  pinged(answered: () => void): void {
    this.#pings.push({ sentAt: performance.now(), answered });
  }

  /** A ping was answered, perhaps. */
  answered(): void {
    const ping = this.#pings.shift();
    if (ping === undefined) return;
    this.#took(ping.sentAt);
    ping.answered();
  }

  #took(sentAt: number): void {
    const tookMs = performance.now() - sentAt;
    if (tookMs > 0 && (this.leastMs === 0 || tookMs < this.leastMs)) this.leastMs = tookMs;
  }
}
