import { type AccessRule, AUTHENTICATED, type Method, PUBLIC } from '../../schema/index.js';
import type { AccessConfig, AuthConfig } from './auth.js';
import type { GatewayConfig } from './content.js';

/** A rule as the schema has it. */
export function accessRule(config: AccessConfig): AccessRule {
  if (config === 'public') return PUBLIC;
  if (config === 'authenticated') return AUTHENTICATED;
  return { public: false, scopes: config.scopes ?? [], roles: config.roles ?? [] };
}

/** Something is said of who may call: without it everybody may, whatever a schema says. */
export function hasIdentity({ auth, methods = {} }: GatewayConfig): boolean {
  return auth !== undefined || Object.values(methods).some(({ access }) => access !== undefined);
}

/** Of what no rule names: whoever is known, as soon as somebody can be. */
export function defaultAccess(auth: AuthConfig): AccessRule {
  return (auth.default ?? (canBeKnown(auth) ? 'authenticated' : 'public')) === 'public'
    ? PUBLIC
    : AUTHENTICATED;
}

/** Some client can show who it is. */
function canBeKnown({ issuers = [], clientCertificates }: AuthConfig): boolean {
  return issuers.length > 0 || clientCertificates !== undefined;
}

/** What lets everybody in, or nobody, and so may not be what was meant. */
export function problemsOfAccess(methods: Iterable<Method>, config: GatewayConfig): string[] {
  const { auth = {} } = config;
  const all = [...methods];
  if (all.length === 0) return [];
  const ofSchema = all.filter(({ access }) => access !== undefined && !access.public).length;
  if (!hasIdentity(config)) {
    if (ofSchema === 0) return [];
    return [
      `${ofSchema} methods have a rule (sluice.v1.access), and everybody may call them: it counts only with "auth" in the configuration`,
    ];
  }
  const closed = all.filter(({ access }) => !(access ?? defaultAccess(auth)).public).length;
  if (closed > 0 && !canBeKnown(auth))
    return [
      `auth.issuers is empty, so no client can be known: ${closed} of ${all.length} methods refuse everybody`,
    ];
  if (closed === 0 && (auth.issuers ?? auth.clientCertificates) !== undefined)
    return [`every method is public: everybody may call all of them, also without a credential`];
  return [];
}
