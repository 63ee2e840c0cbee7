import type { CallToken } from '../call-token.js';

/**
 * By what the service knows who has a recording: the token of the client that opened it, and, as others of the same principal join, the one of theirs that ends
 * last. So a call that is asked for again does not stand on the token of a client that has long gone.
 */
export class ReadersToken {
  readonly #first: CallToken | undefined;
  #last: CallToken | undefined;

  /** Of the client that opens the call. */
  constructor(first?: CallToken) {
    this.#first = first;
    this.#last = first;
  }

  /** A client of the same principal follows it. */
  offer(token: CallToken | undefined): void {
    if (token !== undefined && endOf(token) >= endOf(this.#last)) this.#last = token;
  }

  /** For the call, whose metadata has the token of the client that `opened` it; absent: the first one. */
  ofCall(opened: CallToken | undefined = this.#first): CallToken | undefined {
    if (opened === undefined) return undefined;
    const last = () => this.#last ?? opened;
    return {
      value: opened.value,
      get endsAt() {
        return last().endsAt;
      },
      renew: () => last().renew(),
    };
  }
}

function endOf(token: CallToken | undefined): number {
  return token === undefined ? Number.NEGATIVE_INFINITY : (token.endsAt ?? Number.POSITIVE_INFINITY);
}
