import type { AccessRule } from '../../schema/index.js';
import { type Reason, RpcError } from '../../status/index.js';
import { ANONYMOUS, type Principal } from './principal.js';

/** What is asked for, and by which connection. */
export interface AskedAccess {
  readonly requestId: string;
  /** The client's address. */
  readonly peer: string;
  /** The path of a request, without its query; absent for what comes on a session. */
  readonly path?: string | undefined;
}

/** What the client shows: `certificate` where no other credential is and its connection has one; `undefined`: nothing. */
export type ShownKind = 'token' | 'ticket' | 'cookie' | 'certificate' | undefined;

/** What let it in, or did not. */
export type AccessGround = 'public' | 'authenticated' | 'scopes' | 'roles' | 'authorization service';

/** One decision of who is let in. It holds no credential and no part of one. */
export interface AccessLine extends AskedAccess {
  /** The gRPC method, `pkg.Service/Method`; `undefined`: the request is for no method, or was refused before that was of interest. */
  readonly method: string | undefined;
  readonly principal: Principal;
  readonly shown: ShownKind;
  readonly by: readonly AccessGround[];
  /** Why it is refused; `undefined`: it is let in. */
  readonly refusal: RpcError | undefined;
}

/** Hears of each decision. It must not throw. */
export type WriteAccess = (line: AccessLine) => void;

/** The refusals that say who is not let in. Others say what is wrong with a request, whoever sends it. */
const OF_ACCESS: ReadonlySet<Reason> = new Set<Reason>([
  'CREDENTIAL_NEEDED',
  'CREDENTIAL_INVALID',
  'CREDENTIAL_EXPIRED',
  'ACCESS_DENIED',
  'KEYS_UNREACHABLE',
  'AUTHORIZATION_DENIED',
  'AUTHORIZATION_UNREACHABLE',
]);

/**
 * Gathers who asks for what while that is decided, and writes one line when it is: of who is let in, and of who is refused for who it is.
 * One of them is for one request, one `open` or one `auth` of a session.
 */
export class AccessDecision implements AccessLine {
  readonly by: AccessGround[] = [];
  method: string | undefined;
  principal: Principal = ANONYMOUS;
  shown: ShownKind;
  refusal: RpcError | undefined;
  readonly #write: WriteAccess;
  readonly #asked: AskedAccess;

  constructor(write: WriteAccess, asked: AskedAccess) {
    this.#write = write;
    this.#asked = asked;
  }

  get requestId(): string {
    return this.#asked.requestId;
  }

  get peer(): string {
    return this.#asked.peer;
  }

  get path(): string | undefined {
    return this.#asked.path;
  }

  /** What the client shows; what is there and cannot be a credential counts as one. */
  shows(shown: { readonly kind: 'token' | 'ticket' | 'cookie' } | RpcError | undefined): void {
    this.shown = shown instanceof RpcError ? 'token' : shown?.kind;
  }

  /** Who asks, and for which method, by the path of its gRPC call. */
  isOf(principal: Principal, path?: string): void {
    this.principal = principal;
    this.method = path?.slice(1);
    if (this.shown === undefined && !principal.isAnonymous) this.shown = 'certificate';
  }

  /** The rule that counts. */
  followed(rule: AccessRule): void {
    if (rule.public) this.by.push('public');
    else if (rule.scopes.length === 0 && rule.roles.length === 0) this.by.push('authenticated');
    else {
      if (rule.scopes.length > 0) this.by.push('scopes');
      if (rule.roles.length > 0) this.by.push('roles');
    }
  }

  /** The authorization service is asked as well. */
  askedService(): void {
    this.by.push('authorization service');
  }

  /** Decides, and writes the line. Returns, throws, or rejects with, what `decide` does: what refuses somebody may be returned or thrown. */
  settle<Admitted>(decide: () => Admitted | Promise<Admitted>): Admitted | Promise<Admitted> {
    let admitted: Admitted | Promise<Admitted>;
    try {
      admitted = decide();
    } catch (reason) {
      this.#refused(reason);
      throw reason;
    }
    if (!(admitted instanceof Promise)) {
      this.#settled(admitted);
      return admitted;
    }
    return admitted.then(
      (admitted) => {
        this.#settled(admitted);
        return admitted;
      },
      (reason: unknown) => {
        this.#refused(reason);
        throw reason;
      },
    );
  }

  #refused(reason: unknown): void {
    if (!(reason instanceof RpcError) || !OF_ACCESS.has(reason.reason)) return;
    this.refusal = reason;
    this.#write(this);
  }

  #settled(admitted: unknown): void {
    if (admitted instanceof RpcError) this.#refused(admitted);
    else this.#write(this);
  }
}

/** Decides with a line of it, or without one where none is written. */
export function decided<Admitted>(
  decision: AccessDecision | undefined,
  decide: (decision: AccessDecision | undefined) => Admitted | Promise<Admitted>,
): Admitted | Promise<Admitted> {
  return decision === undefined ? decide(undefined) : decision.settle(() => decide(decision));
}
