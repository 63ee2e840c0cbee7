import { Alarm, type Sleeper } from '../../async/index.js';
import {
  type AccessDecision,
  credentialRefused,
  decided,
  type Identity,
  type Principal,
  type RequestSource,
  TokenBucket,
  type TokenCredential,
} from '../../security/index.js';
import { Code, RpcError } from '../../status/index.js';
import { CloseCode } from '../../wire/index.js';
import {
  MAX_UINT32,
  SESSION_PATH,
  type ServerFrame,
  SessionCloseCode,
  SessionFault,
} from '../../wire/session/index.js';
import type { ClientPace } from '../exchange/index.js';

/** How long before its credential ends a session is asked for a new one, and how long after that its calls go on without, in milliseconds. */
const WARNING_MS = 25_000;
const GRACE_MS = 25_000;
/** Credentials that a session may bring: each costs the check of a signature. */
const CHECKS = { burst: 10, perSecond: 0.2 };
/** A longer token is none, and is not kept until its turn comes. */
const MAX_TOKEN_LENGTH = 64 * 1024;

/** Who opens a call that says no credential of its own. */
export interface SessionCaller {
  readonly principal: Principal;
  readonly credential: TokenCredential | undefined;
  /** The credential has ended: nothing new stands on it, though a new one may still come. */
  readonly isExpired: boolean;
}

/** What the credential of a session needs from it. */
export interface SessionCredentialOptions {
  readonly identity: Identity;
  /** The handshake's, which name its client in the log. */
  readonly requestId: string;
  readonly source: RequestSource;
  /** Of the handshake. */
  readonly principal: Principal;
  readonly credential: TokenCredential | undefined;
  /** How fast its socket may be read from. */
  readonly pace?: ClientPace | undefined;
  readonly send: (frame: ServerFrame) => void;
  /** Closes the session for a credential that does not do. */
  readonly refuse: (closeCode: number, error: RpcError) => void;
  /** It has ended, and so has the grace. */
  readonly expire: () => void;
}

/**
 * Who a session is, and for how long: the credential of its handshake, and those that `auth` brings later. Calls that run keep what they were
 * let in with; only what comes later stands on the new one. Whoever makes one calls `close`.
 *
 *     known -> 25 s before, or at half: authExpires -> the end: no new calls -> 25 s later: expire
 *       ^                                   |                  |
 *       +----- auth of the same principal --+------------------+
 */
export class SessionCredential implements Sleeper {
  readonly #options: SessionCredentialOptions;
  readonly #checks = new TokenBucket(CHECKS.burst, CHECKS.perSecond);
  readonly #alarm = new Alarm(this);
  #principal: Principal;
  #credential: TokenCredential | undefined;
  /** In milliseconds of `performance`. */
  #endsAt = Number.POSITIVE_INFINITY;
  #isTold = false;
  #checking: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: SessionCredentialOptions) {
    this.#options = options;
    this.#principal = options.principal;
    this.#credential = options.credential;
    this.#watch();
  }

  get caller(): SessionCaller {
    const isExpired = performance.now() >= this.#endsAt;
    return { principal: this.#principal, credential: this.#credential, isExpired };
  }

  /** Resolves when those are checked that have come; it never rejects. `undefined`: nothing is checked now. */
  get checking(): Promise<void> | undefined {
    return this.#checking;
  }

  /** Takes the token of an `auth`, in the order of their coming. Throws `SessionFault` when there are too many. */
  renew(token: string): void {
    if (!this.#checks.take()) {
      const rule = `auth: more than ${CHECKS.burst} at once, or one in ${1 / CHECKS.perSecond} s`;
      throw new SessionFault(rule, SessionCloseCode.tooMany);
    }
    if (this.#checking === undefined) {
      const checked = this.#check({ kind: 'token', token });
      if (checked !== undefined) this.#wait(checked);
    } else this.#wait(this.#checking.then(() => this.#check({ kind: 'token', token })));
  }

  onAlarm(): void {
    if (this.#isTold) {
      this.#options.expire();
      return;
    }
    this.#isTold = true;
    this.#options.send({ kind: 'authExpires', inMs: this.#leftMs(0) });
    this.#alarm.set(this.#endsAt + GRACE_MS - performance.now());
  }

  close(): void {
    this.#isClosed = true;
    this.#alarm.clear();
  }

  #wait(checked: Promise<void>): void {
    this.#checking = checked;
    void checked.then(() => {
      if (this.#checking === checked) this.#checking = undefined;
    });
  }

  #check(credential: TokenCredential): Promise<void> | undefined {
    if (this.#isClosed) return undefined;
    try {
      const taken = this.#decide(credential);
      if (taken instanceof Promise) return taken.catch(this.#refuse);
    } catch (reason) {
      this.#refuse(reason);
    }
    return undefined;
  }

  #decide(credential: TokenCredential): void | Promise<void> {
    const { identity, requestId, source } = this.#options;
    const decision = identity.decision(() => ({ requestId, peer: source.address, path: SESSION_PATH }));
    decision?.shows(credential);
    return decided(decision, () => {
      if (credential.token.length > MAX_TOKEN_LENGTH) throw credentialRefused('the token is too long');
      const found = identity.identify(credential);
      if (!(found instanceof Promise)) return this.#take(found, credential, decision);
      return found.then((known) => this.#take(known, credential, decision));
    });
  }

  #take(known: Principal, credential: TokenCredential, decision: AccessDecision | undefined): void {
    decision?.isOf(known);
    if (this.#isClosed) return;
    if (!this.#principal.isAnonymous && known.key !== this.#principal.key) {
      throw credentialRefused('auth names another principal than that of the session');
    }
    this.#principal = known;
    this.#credential = credential;
    this.#options.pace?.follow(this.#options.source, known);
    this.#watch();
    const expiresInMs = known.expiresAt === undefined ? undefined : this.#leftMs(1);
    this.#options.send({ kind: 'authenticated', expiresInMs });
  }

  #watch(): void {
    const { expiresAt } = this.#principal;
    this.#alarm.clear();
    this.#isTold = false;
    const leftMs = expiresAt === undefined ? Number.POSITIVE_INFINITY : expiresAt - Date.now();
    this.#endsAt = performance.now() + leftMs;
    if (expiresAt !== undefined) this.#alarm.set(leftMs - Math.min(WARNING_MS, leftMs / 2));
  }

  #leftMs(least: number): number {
    return Math.min(Math.max(Math.round(this.#endsAt - performance.now()), least), MAX_UINT32);
  }

  readonly #refuse = (reason: unknown): void => {
    if (this.#isClosed) return;
    const error = RpcError.from(reason);
    this.#options.refuse(closeCodeOf(error), error);
  };
}

function closeCodeOf({ code }: RpcError): number {
  if (code === Code.UNAUTHENTICATED) return SessionCloseCode.unauthenticated;
  return code === Code.UNAVAILABLE ? CloseCode.tryAgainLater : CloseCode.internal;
}
