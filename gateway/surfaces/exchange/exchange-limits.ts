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
