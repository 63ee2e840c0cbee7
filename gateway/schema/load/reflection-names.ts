/** Longer names are not linked, and would cost much together. */
export const MAX_NAME_CHARS = 512;
/** Scopes around a name that are asked for. */
const MAX_CANDIDATES = 8;

/** The names that a name in a scope may stand for, innermost first. */
export function candidatesOf(name: string, scope: string): string[] {
  if (name.length > MAX_NAME_CHARS) return [];
  if (name.startsWith('.')) return [name.slice(1)];
  const candidates: string[] = [];
  for (
    let outer = scope;
    candidates.length < MAX_CANDIDATES;
    outer = outer.slice(0, Math.max(0, outer.lastIndexOf('.')))
  ) {
    candidates.push(outer === '' ? name : `${outer}.${name}`);
    if (outer === '') break;
  }
  return candidates;
}

/** A server that has lost the package of its files puts a dot before their names. */
export function bare(name: string): string {
  return name.startsWith('.') ? name.slice(1) : name;
}
