import { faultOfPair } from '../../upstream/index.js';

/** What travels to the service without being named in the configuration. */
const ALWAYS = ['authorization', 'traceparent', 'tracestate', 'baggage'];

/** What the gateway says itself of the client, to every service. */
const OURS = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'];

/**
 * Which headers of a request travel to the service, and which names are the ingress's or the gateway's to say: those a client says in no way of its own,
 * neither as `grpc-metadata-*` nor in the `metadata` of a session's `open`, or a service could not tell them apart.
 */
export class HeaderRules {
  /** The headers that travel under their own name, in lower case. */
  readonly travelling: readonly string[];
  readonly #ingress: ReadonlySet<string>;
  readonly #ours: ReadonlySet<string> = new Set(OURS);

  /** Throws a TypeError for a name that can be no metadata. `forwarded` in any case, as `--forward-header` has them. */
  constructor(forwarded: readonly string[] = [], ingressOwnsAuthorization = false) {
    const names = forwarded.map((name) => name.toLowerCase());
    for (const name of names) {
      if (faultOfPair(name, '') !== undefined) {
        throw new TypeError(`forward header ${name}: this name cannot be metadata`);
      }
    }
    const others = [...ALWAYS, ...names].filter((name) => name !== 'x-request-id' && !this.#ours.has(name));
    this.travelling = [...new Set(others)];
    this.#ingress = new Set([...names, ...(ingressOwnsAuthorization ? ['authorization'] : [])].map(alike));
  }

  /** Why a client may not say this name itself; `undefined` when it may. */
  faultOfOwn(name: string): string | undefined {
    if (this.#ours.has(alike(name))) return `metadata "${name}" is set by the gateway`;
    return this.#ingress.has(alike(name))
      ? `metadata "${name}" is set by the ingress: only its own header counts (see --forward-header and --ingress-owns-authorization)`
      : undefined;
  }
}

/** Names that frameworks after CGI take for the same: `x_auth.user` and `x-auth-user` are both HTTP_X_AUTH_USER. */
export function alike(name: string): string {
  return name.replace(/[_.]/g, '-');
}
