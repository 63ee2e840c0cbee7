import { AUTHENTICATED } from '../../gateway/schema/index.js';
import { createPrincipal, credentialRefused, Identity } from '../../gateway/security/index.js';

/** Whom a token names: "subject:scopes:leftMs", and optionally ":tenant". */
export function leaseOf(token: string) {
  const [subject = '', scopes = '', leftMs = '', tenant] = token.split(':');
  if (subject === '' || !/^-?\d+$/.test(leftMs)) throw credentialRefused('no such token');
  return createPrincipal({
    issuer: 'i',
    subject,
    tenant,
    scopes: scopes.split(' '),
    roles: [],
    expiresAt: Date.now() + Number(leftMs),
    claims: { sub: subject },
  });
}

/** An identity whose tokens say themselves for how many milliseconds they count, from when they are checked. Everything needs one. */
export function leasedIdentity(
  later: (token: string) => Promise<void> | undefined = () => undefined,
): Identity {
  const identity = new Identity();
  identity.use({
    checkToken: (token) => later(token)?.then(() => leaseOf(token)) ?? leaseOf(token),
    access: AUTHENTICATED,
    ownAccess: AUTHENTICATED,
    forward: undefined,
    forwardToken: true,
    authorize: undefined,
  });
  return identity;
}
