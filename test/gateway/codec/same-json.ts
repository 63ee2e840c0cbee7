import type { JsonValue } from '@bufbuild/protobuf';

/**
 * - `text`: keys are in the same order; floats may be spelled with fewer digits, as the oracle prints them with those of
 *   a double.
 * - `meaning`: keys are in any order, numbers are exactly the same.
 */
export type Sameness = 'text' | 'meaning';

/** Where two JSON values differ, as a path; undefined when they are the same. */
export function difference(want: JsonValue, got: JsonValue, same: Sameness, path = '$'): string | undefined {
  if (typeof want === 'number' && typeof got === 'number') {
    const equal = Object.is(want, got) || (same === 'text' && Object.is(Math.fround(got), want));
    return equal ? undefined : `${path}: ${want} ${got}`;
  }
  if (Array.isArray(want) && Array.isArray(got)) {
    if (want.length !== got.length) return `${path}: ${want.length} items, ${got.length} items`;
    for (const [index, item] of want.entries()) {
      const inner = difference(item, got[index] as JsonValue, same, `${path}[${index}]`);
      if (inner !== undefined) return inner;
    }
    return undefined;
  }
  if (isObject(want) && isObject(got)) return objectDifference(want, got, same, path);
  return want === got ? undefined : `${path}: ${JSON.stringify(want)} ${JSON.stringify(got)}`;
}

function objectDifference(
  want: Record<string, JsonValue>,
  got: Record<string, JsonValue>,
  same: Sameness,
  path: string,
): string | undefined {
  const wantKeys = orderedKeys(want, same);
  const gotKeys = orderedKeys(got, same);
  if (wantKeys.join('\n') !== gotKeys.join('\n')) return `${path}: keys ${wantKeys} against ${gotKeys}`;
  for (const key of wantKeys) {
    const inner = difference(want[key] as JsonValue, got[key] as JsonValue, same, `${path}.${key}`);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** Extensions stand last, and their order among each other is free. */
function orderedKeys(value: Record<string, JsonValue>, same: Sameness): string[] {
  const keys = Object.keys(value);
  if (same === 'meaning') return keys.sort();
  const isExtension = (key: string) => /^\[r\.ext_\d\]$/.test(key);
  return [...keys.filter((key) => !isExtension(key)), ...keys.filter(isExtension).sort()];
}

function isObject(value: JsonValue): value is Record<string, JsonValue> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
