/** The claims of a token: what its issuer says. */
export type Claims = Readonly<Record<string, unknown>>;

/** A claim by its name, or, where there is none of that name, by the path to it: `realm_access.roles`. */
export function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, part))
      return undefined;
    value = (value as Claims)[part];
  }
  return value;
}

/** A claim that is a list of words, or a text with spaces between them. Source: RFC 8693 section 4.2. */
export function wordsOf(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(' ').filter((word) => word !== '');
  if (!Array.isArray(claim)) return [];
  return claim.filter((word): word is string => typeof word === 'string' && word !== '');
}
