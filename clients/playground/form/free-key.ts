import { ScalarType } from '@bufbuild/protobuf';

/** A key that no entry of a map has yet: "key", then "key2"; numbers and booleans where keys are those. */
export function freeKey(key: ScalarType, entries: readonly (readonly [string, unknown])[]): string {
  const taken = new Set(entries.map(([name]) => name));
  if (key === ScalarType.BOOL) return taken.has('true') ? 'false' : 'true';
  for (let number = 1; ; number += 1) {
    const name = key !== ScalarType.STRING ? String(number) : number === 1 ? 'key' : `key${number}`;
    if (!taken.has(name)) return name;
  }
}
