import type { AccessRule } from '../../schema/index.js';
import type { RpcError } from '../../status/index.js';
import type { Principal } from './principal.js';
import { accessDenied, credentialNeeded } from './refused-credential.js';

/**
 * The one place where access is decided. Returns UNAUTHENTICATED where somebody must be known, PERMISSION_DENIED where the one who is known does not have
 * what the rule asks for.
 */
export function refusalOfAccess(principal: Principal, rule: AccessRule): RpcError | undefined {
  if (rule.public) return undefined;
  if (principal.isAnonymous) return credentialNeeded();
  const missing = rule.scopes.find((scope) => !principal.scopes.has(scope));
  if (missing !== undefined) return accessDenied(`${who(principal)} has no scope ${JSON.stringify(missing)}`);
  if (rule.roles.length > 0 && !rule.roles.some((role) => principal.roles.has(role)))
    return accessDenied(`${who(principal)} has no role of ${JSON.stringify(rule.roles)}`);
  return undefined;
}

function who({ subject }: Principal): string {
  return `subject ${JSON.stringify(subject)}`;
}
