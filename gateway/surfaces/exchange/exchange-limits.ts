import {
  AddressCounts,
  ANONYMOUS,
  type Glance,
  isLoopbackAddress,
  type Principal,
  type RequestSource,
  TokenBuckets,
} from '../../security/index.js';
import type { RpcError } from '../../status/index.js';
import { BytePace, type ClientPace } from './byte-pace.js';
import { countedBy, principalName } from './counted-by.js';
import { CredentialRates } from './credential-rates.js';
import {
  type OnRefusal,
  TooOften,
  tooManyOfAddress,
  tooManyOfAll,
  tooManyOfPrincipal,
  uploadTooLarge,
} from './refusal.js';
import { ANY_UPLOAD, UploadLimit } from './upload-limit.js';

/** How many may be open, or begin; 0, or left out: any number. */
export interface ExchangeBounds {
  /** Of all clients. */
  readonly exchanges?: number;
  /** Of one address. */
  readonly exchangesPerAddress?: number;
  /** Of one principal, from whatever addresses. */
  readonly exchangesPerPrincipal?: number;
  /** Of one address, those that have a call at the service: only so many have a place there. Asked each time, for the service may change it. */
  readonly callsPerAddress?: () => number;
  /** What one principal, or one address without one, may begin in a second. */
  readonly callsPerSecond?: number;
  /** The same at once, after a time without any. */
  readonly callsBurst?: number;
  /** `callsPerSecond` is also for clients without a principal that come from this machine, and through no proxy that is trusted. Default true. */
  readonly countsLoopback?: boolean;
  /** What is read in a second from one principal, or from one address without one. */
  readonly bytesPerSecond?: number;
  /** So late is the process that nothing may begin. */
  readonly eventLoopDelayMs?: number;
  readonly isLate?: () => boolean;
}

/**
 * Counts the exchanges of each client, those of them that have a call, and how often it begins one. A client is its address, and its principal where it
 * has one:
 *
 *     begin, beginShown: is it known? --yes--------------------------> counted by the principal that is known, or by the address
 *                |
 *                +--no--> its credential is checked -> beginChecked ---> counted by the principal
 *                                |
 *                                +-- refused: stays counted by the address, so nobody tries credentials faster than anybody may call
 */
export class ExchangeLimits {
  readonly #exchanges = new AddressCounts();
  readonly #ofPrincipals = new AddressCounts();
  readonly #calls = new AddressCounts();
  readonly #bounds: ExchangeBounds;
  readonly #onRefusal: OnRefusal;
  readonly #pace: BytePace;
  readonly #rate: TokenBuckets | undefined;
  readonly #credentials: CredentialRates | undefined;
  readonly #tooManyCalls: TooOften;

  constructor(bounds: ExchangeBounds = {}, onRefusal: OnRefusal = () => {}) {
    this.#bounds = bounds;
    this.#onRefusal = onRefusal;
    const { callsPerSecond = 0, callsBurst = 2 * callsPerSecond, bytesPerSecond = 0 } = bounds;
    this.#pace = new BytePace(bytesPerSecond);
    this.#tooManyCalls = new TooOften('calls_per_second', `more than ${callsPerSecond} calls a second`);
    if (callsPerSecond === 0) return;
    this.#rate = new TokenBuckets(callsPerSecond, callsBurst);
    this.#credentials = new CredentialRates(callsPerSecond, callsBurst);
  }

  /** Clients whose rates are remembered: `MOST_CLIENTS` twice at most for each of five rates, whoever comes. */
  get knownClients(): number {
    return (this.#rate?.size ?? 0) + (this.#credentials?.size ?? 0) + this.#pace.size;
  }

  /**
   * A client begins an exchange, or a session, which may get no further than this. Throws UNAVAILABLE or RESOURCE_EXHAUSTED where it may not: asked before
   * anything else about it, for a refusal must be cheap. What is refused because of what is open does not count as begun.
   */
  begin(source: RequestSource, principal: Principal = ANONYMOUS): void {
    throwIfRefused(this.refusalToBegin(source, principal));
  }

  /** The same for one that shows a credential, or may, by what can be said of it at once. `connection`: the one that it comes by. */
  beginShown(source: RequestSource, glance: Glance, connection: object): void {
    throwIfRefused(this.refusalToBeginShown(source, glance, connection));
  }

  /** It names this principal. Throws RESOURCE_EXHAUSTED where that may not begin, unless it was known before and has begun. */
  beginChecked(source: RequestSource, glance: Glance, connection: object, principal: Principal): void {
    if (glance.kind === 'known' || principal.isAnonymous) return;
    this.noteGood(source, glance, connection);
    this.assertRoom(source, principal);
    throwIfRefused(this.#rateRefusal(source, principal));
  }

  /** What `refusalToShow` has let through is good, and does not count. */
  noteGood(source: RequestSource, glance: Glance, connection: object): void {
    if (glance.kind !== 'known' && !this.#isFree(source))
      this.#credentials?.giveBack(glance.kind, source, connection);
  }

  /** As `begin`, for who can do without a throw, which is a tenth of what a refusal costs: returns what refuses it. */
  refusalToBegin(source: RequestSource, principal: Principal): RpcError | undefined {
    const refusal = this.#lateRefusal() ?? this.#roomRefusal(source, principal);
    if (refusal !== undefined || (principal.isAnonymous && this.#isFree(source))) return refusal;
    return this.#rateRefusal(source, principal);
  }

  /** The same as `beginShown`. */
  refusalToBeginShown(source: RequestSource, glance: Glance, connection: object): RpcError | undefined {
    if (glance.kind === 'known') return this.refusalToBegin(source, glance.client.principal);
    const refusal = this.#lateRefusal() ?? this.#roomRefusal(source, ANONYMOUS);
    return refusal ?? this.refusalToShow(source, glance, connection);
  }

  /** For who looks at something that is no exchange: returns what refuses a credential that nobody is known by, because too many of them come. */
  refusalToShow(source: RequestSource, glance: Glance, connection: object): RpcError | undefined {
    if (glance.kind === 'known' || this.#credentials === undefined || this.#isFree(source)) return undefined;
    return this.#tooOften(source, ANONYMOUS, this.#credentials.take(glance.kind, source, connection));
  }

  /** Comes from this machine, where that is not counted: it is no client from outside, or a proxy that is not named, with many clients behind it. */
  #isFree({ address, isProxied }: RequestSource): boolean {
    return this.#bounds.countsLoopback === false && !isProxied && isLoopbackAddress(address);
  }

  #lateRefusal(): RpcError | undefined {
    const { isLate, eventLoopDelayMs = 0 } = this.#bounds;
    if (isLate?.() !== true) return undefined;
    this.#onRefusal('event_loop_delay_ms');
    return tooManyOfAll('event_loop_delay_ms', `the gateway is more than ${eventLoopDelayMs} ms late`);
  }

  #rateRefusal(source: RequestSource, principal: Principal): RpcError | undefined {
    return this.#tooOften(source, principal, this.#rate?.take(countedBy(source, principal)) ?? 0);
  }

  #tooOften(source: RequestSource, principal: Principal, waitMs: number): RpcError | undefined {
    if (waitMs === 0) return undefined;
    this.#onRefusal('calls_per_second');
    return this.#tooManyCalls.error(source, principal, waitMs);
  }

  /** Throws UNAVAILABLE or RESOURCE_EXHAUSTED where one more exchange of this client would be too many. */
  assertRoom(source: RequestSource, principal: Principal): void {
    throwIfRefused(this.#roomRefusal(source, principal));
  }

  #roomRefusal(source: RequestSource, principal: Principal): RpcError | undefined {
    const { exchanges = 0, exchangesPerAddress = 0, exchangesPerPrincipal = 0 } = this.#bounds;
    if (exchanges > 0 && this.#exchanges.total >= exchanges) {
      this.#onRefusal('exchanges');
      return tooManyOfAll('exchanges', `more than ${exchanges} exchanges at once`);
    }
    if (
      !principal.isAnonymous &&
      this.#ofPrincipals.isFull(principalName(principal), exchangesPerPrincipal)
    ) {
      this.#onRefusal('exchanges_per_principal');
      return tooManyOfPrincipal('exchanges_per_principal', `more than ${exchangesPerPrincipal} exchanges`);
    }
    if (this.#exchanges.isFull(source.group, exchangesPerAddress)) {
      this.#onRefusal('exchanges_per_address');
      return tooManyOfAddress('exchanges_per_address', `more than ${exchangesPerAddress} exchanges`, source);
    }
    return undefined;
  }

  /** The same for a call. */
  assertRoomForCall(source: RequestSource): void {
    const most = this.#bounds.callsPerAddress?.() ?? 0;
    if (!this.#calls.isFull(source.group, most)) return;
    this.#onRefusal('calls_per_address');
    throw tooManyOfAddress('calls_per_address', `more than ${most} calls`, source);
  }

  /** How fast a client may be read from; `undefined`: as fast as it can. */
  paceOf(source: RequestSource, principal: Principal): ClientPace | undefined {
    return this.#pace.of(source, principal);
  }

  /** Bounds one upload; `uploadBytes`: 0 for none. */
  uploadLimit(uploadBytes: number): UploadLimit {
    if (uploadBytes === 0) return ANY_UPLOAD;
    return new UploadLimit(uploadBytes, (): RpcError => {
      this.#onRefusal('upload_bytes');
      return uploadTooLarge(uploadBytes);
    });
  }

  /**
   * Counts who is asked about, elsewhere or for longer than a turn, as an exchange of its address until that is settled: a service of ours that does not
   * answer must not gather more of them than may be open. Whether there is room, `begin` or `beginShown` has said just before.
   */
  whileChecked<T>({ group }: RequestSource, checked: T | Promise<T>): T | Promise<T> {
    if (!(checked instanceof Promise)) return checked;
    this.#exchanges.add(group);
    // Before whoever waits for it goes on: what is let in is counted from then on.
    return checked.finally(() => this.#exchanges.remove(group));
  }

  /** Counts an exchange until `removeExchange`. Throws what `assertRoom` throws. */
  addExchange(source: RequestSource, principal: Principal): void {
    this.assertRoom(source, principal);
    this.#exchanges.add(source.group);
    if (!principal.isAnonymous) this.#ofPrincipals.add(principalName(principal));
  }

  removeExchange({ group }: RequestSource, principal: Principal): void {
    this.#exchanges.remove(group);
    if (!principal.isAnonymous) this.#ofPrincipals.remove(principalName(principal));
  }

  /** Counts a call until `removeCall`. Throws what `assertRoomForCall` throws. */
  addCall(source: RequestSource): void {
    this.assertRoomForCall(source);
    this.#calls.add(source.group);
  }

  removeCall({ group }: RequestSource): void {
    this.#calls.remove(group);
  }
}

function throwIfRefused(refusal: RpcError | undefined): void {
  if (refusal !== undefined) throw refusal;
}
