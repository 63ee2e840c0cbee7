/**
 * Who may call a method, from `(sluice.v1.access)` or the configuration. `public`: everybody. Otherwise whoever is signed in, has all of `scopes`, and has
 * one of `roles`; an empty list asks for nothing.
 */
export interface AccessRule {
  readonly public: boolean;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
}

export const PUBLIC: AccessRule = Object.freeze({ public: true, scopes: [], roles: [] });

export const AUTHENTICATED: AccessRule = Object.freeze({ public: false, scopes: [], roles: [] });
