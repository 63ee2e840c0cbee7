export type Json = null | boolean | number | string | readonly Json[] | JsonMembers;

export interface JsonMembers {
  readonly [name: string]: Json;
}

/** Where a value is in a request: names of members, and indexes of arrays. */
export type JsonPath = readonly (string | number)[];

export function isMembers(value: unknown): value is JsonMembers {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * An object with one member more, or another value of it; without it where the value is undefined. The order of the others stays, and a new one takes its place
 * among those of `order`.
 */
export function withMember(
  members: JsonMembers,
  name: string,
  value: Json | undefined,
  order: readonly string[] = [],
): JsonMembers {
  const entries = Object.entries(members);
  if (value === undefined) return membersFrom(entries.filter(([key]) => key !== name));
  if (Object.hasOwn(members, name))
    return membersFrom(entries.map(([key, old]) => [key, key === name ? value : old]));
  const rank = order.indexOf(name);
  const behind = entries.findIndex(([key]) => rank !== -1 && order.indexOf(key) > rank);
  return membersFrom(entries.toSpliced(behind === -1 ? entries.length : behind, 0, [name, value]));
}

/** An object of entries; a member "__proto__" is one like any other. */
export function membersFrom(entries: Iterable<readonly [string, Json | undefined]>): JsonMembers {
  return Object.fromEntries(entries) as JsonMembers;
}

/** "messages[3].sender.name", as the gateway names a field. */
export function pathText(path: JsonPath): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );
}
