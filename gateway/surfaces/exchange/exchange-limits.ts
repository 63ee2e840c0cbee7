import { AddressCounts, type RequestSource } from '../../security/index.js';
import { type OnRefusal, tooManyOfAddress, tooManyOfAll } from './refusal.js';

/** How many may be open; 0: any number. */
export interface ExchangeBounds {
  /** Of all clients. */
  readonly exchanges: number;
  /** Of one address. */
  readonly exchangesPerAddress: number;
  /** Of one address, those that have a call at the service: only so many have a place there. Asked each time, for the service may change it. */
  readonly callsPerAddress: () => number;
}

/** Counts the exchanges of each client, and those of them that have a call. */
export class ExchangeLimits {
  readonly exchanges = new AddressCounts();
  readonly calls = new AddressCounts();
  readonly #bounds: ExchangeBounds;
  readonly #onRefusal: OnRefusal;

  constructor(bounds: ExchangeBounds, onRefusal: OnRefusal = () => {}) {
    this.#bounds = bounds;
    this.#onRefusal = onRefusal;
  }

  /** Throws UNAVAILABLE or RESOURCE_EXHAUSTED where one more exchange of this client would be too many. */
  assertRoom(source: RequestSource): void {
    const { exchanges, exchangesPerAddress } = this.#bounds;
    if (exchanges > 0 && this.exchanges.total >= exchanges) {
      this.#onRefusal('exchanges');
      throw tooManyOfAll('exchanges', `more than ${exchanges} exchanges at once`);
    }
    if (this.exchanges.isFull(source.group, exchangesPerAddress)) {
      this.#onRefusal('exchanges_per_address');
      throw tooManyOfAddress('exchanges_per_address', `more than ${exchangesPerAddress} exchanges`, source);
    }
  }

  /** The same for a call. */
  assertRoomForCall(source: RequestSource): void {
    const most = this.#bounds.callsPerAddress();
    if (!this.calls.isFull(source.group, most)) return;
    this.#onRefusal('calls_per_address');
    throw tooManyOfAddress('calls_per_address', `more than ${most} calls`, source);
  }
}

/** What one exchange counts for. */
export class CountedExchange {
  readonly #limits: ExchangeLimits;
  readonly #source: RequestSource;
  #hasCall = false;
  #isOpen = true;

  /** Throws as `assertRoom` does. Whoever makes one calls `close`. */
  constructor(limits: ExchangeLimits, source: RequestSource) {
    limits.assertRoom(source);
    limits.exchanges.add(source.group);
    this.#limits = limits;
    this.#source = source;
  }

  /** The exchange is about to open its call. Throws RESOURCE_EXHAUSTED when its client has too many. */
  beginCall(): void {
    if (this.#hasCall || !this.#isOpen) return;
    this.#limits.assertRoomForCall(this.#source);
    this.#limits.calls.add(this.#source.group);
    this.#hasCall = true;
  }

  /** It is over. Calling it again does nothing. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#limits.exchanges.remove(this.#source.group);
    if (this.#hasCall) this.#limits.calls.remove(this.#source.group);
  }
}
