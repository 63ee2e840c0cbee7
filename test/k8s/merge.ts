import type { Manifest } from './resource.js';

/** By which field the items of a list are one thing, as the types of Kubernetes say it; other lists are replaced whole. */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: 'name',
  env: 'name',
  topologySpreadConstraints: 'topologyKey',
  volumes: 'name',
  volumeMounts: 'mountPath',
};
const PORT_KEYS: Readonly<Record<string, string>> = { Service: 'port', Deployment: 'containerPort' };

/** A strategic merge: objects field by field, null removes, listed lists item by item, new items first. Neither argument is changed. */
export function merged(kind: string, value: Manifest, patch: Manifest, field = ''): Manifest {
  if (Array.isArray(patch)) return mergedList(kind, Array.isArray(value) ? value : [], patch, field);
  if (!isObject(patch)) return patch;
  if ('$patch' in patch) throw new Error(`$patch: ${patch.$patch} in ${field} is not known here`);
  const result: Record<string, Manifest> = isObject(value) ? { ...value } : {};
  for (const [name, change] of Object.entries(patch)) {
    if (change === null) delete result[name];
    else result[name] = merged(kind, result[name], change, name);
  }
  return result;
}

function mergedList(kind: string, list: Manifest[], patch: Manifest[], field: string): Manifest[] {
  const [first, ...others] = patch;
  if (isObject(first) && first.$patch === 'replace') return others;
  const key = field === 'ports' ? PORT_KEYS[kind] : MERGE_KEYS[field];
  if (key === undefined) return patch;
  const known = new Set(list.map((item) => item[key]));
  const changes = new Map(patch.map((item) => [item[key], item]));
  if (changes.has(undefined)) throw new Error(`an item of ${field} has no ${key}`);
  return [
    ...patch.filter((item) => !known.has(item[key])).map((item) => merged(kind, undefined, item, field)),
    ...list.map((item) =>
      changes.has(item[key]) ? merged(kind, item, changes.get(item[key]), field) : item,
    ),
  ];
}

function isObject(value: Manifest): value is Record<string, Manifest> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
