import type { AccessRule } from '../../schema/index.js';
import type { Principal } from './principal.js';
import { accessDenied, credentialNeeded } from './refused-credential.js';

/**
 * The one place where access is decided. Throws UNAUTHENTICATED where somebody must be known, PERMISSION_DENIED where the one who is known does not have
 * what the rule asks for.
 */
export function assertAccess(principal: Principal, rule: AccessRule): void {
  if (rule.public) return;
  if (principal.isAnonymous) throw credentialNeeded();
  const missing = rule.scopes.find((scope) => !principal.scopes.has(scope));
  if (missing !== undefined) throw accessDenied(`${who(principal)} has no scope ${JSON.stringify(missing)}`);
  if (rule.roles.length > 0 && !rule.roles.some((role) => principal.roles.has(role)))
    throw accessDenied(`${who(principal)} has no role of ${JSON.stringify(rule.roles)}`);
}

function who({ subject }: Principal): string {
  return `subject ${JSON.stringify(subject)}`;
}
