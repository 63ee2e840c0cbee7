import { RpcError } from '../../status/index.js';
import type { Credential } from './credential.js';
import type { IdentityRules, KnownClient } from './identity-rules.js';
import type { Principal } from './principal.js';
import type { ShownCredential } from './shown-credential.js';
import type { Tickets } from './tickets.js';

/**
 * What can be said at once of what a client shows, at the price of a hash: no signature is checked for it, nobody is asked, and no ticket is used up. It
 * decides what the client is counted by, so that who is known is not held up by who is not.
 *
 * - `known`: it shows nothing, or a token that has been accepted and still would be.
 * - `ticket`: one that was given here, and has not been used.
 * - `refused`: what cannot be a credential, or was refused a moment ago, and with what.
 * - `unchecked`: everything else.
 */
export type Glance =
  | { readonly kind: 'known'; readonly client: KnownClient }
  | { readonly kind: 'refused'; readonly error: RpcError }
  | { readonly kind: 'ticket' | 'unchecked' };

const TICKET: Glance = { kind: 'ticket' };
const UNCHECKED: Glance = { kind: 'unchecked' };

/** Never throws. `workload`: whose the request is without a credential. */
export function glanceAt(
  shown: ShownCredential,
  workload: Principal,
  { knownToken }: Pick<IdentityRules, 'knownToken'>,
  tickets: Pick<Tickets, 'isGiven'>,
): Glance {
  if (shown === undefined) return { kind: 'known', client: { principal: workload, credential: undefined } };
  if (shown instanceof RpcError) return { kind: 'refused', error: shown };
  if (shown.kind === 'ticket') return tickets.isGiven(shown.ticket) ? TICKET : UNCHECKED;
  // Whether it counts depends on what is asked for.
  if (shown.kind === 'cookie' && shown.isSafeOnly) return UNCHECKED;
  return glanceAtToken(shown, knownToken);
}

function glanceAtToken(
  { token }: Exclude<Credential, { kind: 'ticket' }>,
  knownToken: IdentityRules['knownToken'],
): Glance {
  const known = knownToken?.(token);
  if (known === undefined) return UNCHECKED;
  if (known instanceof RpcError) return { kind: 'refused', error: known };
  return { kind: 'known', client: { principal: known, credential: { kind: 'token', token } } };
}
