/** Who calls: nobody in particular, or whom a credential that has been checked names. */
export interface Principal {
  readonly isAnonymous: boolean;
  /** Who says so: exactly the `iss` of a token. Empty for nobody. */
  readonly issuer: string;
  /** Whom it names. Empty for nobody. */
  readonly subject: string;
  /** Whose subject it is, where the configuration names a claim for that. */
  readonly tenant: string | undefined;
  readonly scopes: ReadonlySet<string>;
  readonly roles: ReadonlySet<string>;
  /** When the credential ends, in epoch milliseconds; `undefined`: never. */
  readonly expiresAt: number | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
  /**
   * The same for the same issuer, subject and tenant, and for no others, whatever is in them; empty for nobody. For limits, and for whatever belongs
   * to somebody. It is no secret, and no label of a metric.
   */
  readonly key: string;
}

const NOTHING: ReadonlySet<string> = new Set();

/** Whoever has shown no credential. */
export const ANONYMOUS: Principal = Object.freeze({
  isAnonymous: true,
  issuer: '',
  subject: '',
  tenant: undefined,
  scopes: NOTHING,
  roles: NOTHING,
  expiresAt: undefined,
  claims: Object.freeze({}),
  key: '',
});

/** Somebody. */
export function createPrincipal(
  named: Omit<Principal, 'isAnonymous' | 'key' | 'scopes' | 'roles'> & {
    readonly scopes: Iterable<string>;
    readonly roles: Iterable<string>;
  },
): Principal {
  const { issuer, subject, tenant } = named;
  return Object.freeze({
    ...named,
    isAnonymous: false,
    scopes: new Set(named.scopes),
    roles: new Set(named.roles),
    key: keyOf(issuer, subject, tenant),
  });
}

/** Each part with its length before it, so that no two of them can be read in another way. */
function keyOf(...parts: readonly (string | undefined)[]): string {
  return parts.map((part) => (part === undefined ? '-' : `${part.length}:${part}`)).join('');
}

/** What the log says of a principal: its subject. Left out for nobody. */
export function nameOfPrincipal({ isAnonymous, subject }: Principal): string | undefined {
  return isAnonymous ? undefined : subject;
}
