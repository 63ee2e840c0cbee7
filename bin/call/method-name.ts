import { nearest } from '../../gateway/options/index.js';
import type { Method, Schema } from '../../gateway/schema/index.js';
import { UsageError } from '../options/index.js';

/** The most names that an error suggests. */
const MAX_SUGGESTED = 3;

/**
 * The method that a name means: `pkg.Service/Method`, `/pkg.Service/Method` or `pkg.Service.Method`, or the end of one of these that only one method has:
 * `Service/Method`, `Method`. Throws `UsageError` that names the nearest ones.
 */
export function methodByName(schema: Schema, name: string): Method {
  const wanted = name.replace(/^\//, '');
  const paths = [...schema.methods.keys()];
  const exact =
    schema.methods.get(`/${wanted}`) ?? schema.methods.get(`/${wanted.replace(/\.([^./]+)$/, '/$1')}`);
  if (exact !== undefined) return exact;
  const problem = schema.leftOut.get(`/${wanted}`);
  if (problem !== undefined) throw new UsageError(`${wanted} cannot be called: ${problem.reason}`);
  const ends = paths.filter((path) => endsWith(path, wanted));
  const [only] = ends;
  if (only !== undefined && ends.length === 1) return schema.methods.get(only) as Method;
  if (ends.length > 1)
    throw new UsageError(`${shown(wanted)} may be ${listed(ends.map(shownPath))}: write more of the name`);
  throw new UsageError(`there is no method ${shown(wanted)}${suggestion(wanted, paths)}`);
}

function endsWith(path: string, wanted: string): boolean {
  const dotted = path.replaceAll('/', '.');
  return wanted !== '' && dotted.endsWith(`.${wanted.replaceAll('/', '.')}`);
}

/** The names nearest to a wrong one: by all of it, then by what stands behind its last dot or slash. */
export function suggestion(wanted: string, paths: readonly string[]): string {
  const left = new Map(paths.map((path) => [shownPath(path), path]));
  const found: string[] = [];
  const last = (name: string) => name.split(/[./]/).at(-1) ?? '';
  while (found.length < MAX_SUGGESTED) {
    const meant =
      nearest(wanted, left.keys()) ??
      [...left.keys()].find((name) => nearest(last(wanted), [last(name)]) !== undefined);
    if (meant === undefined) break;
    found.push(meant);
    left.delete(meant);
  }
  return found.length === 0 ? ': sluice list shows what there is' : `, did you mean ${listed(found)}?`;
}

function listed(names: readonly string[]): string {
  const some = names.slice(0, MAX_SUGGESTED + 2);
  return some.length === 1 ? String(some[0]) : `${some.slice(0, -1).join(', ')} or ${some.at(-1)}`;
}

function shownPath(path: string): string {
  return path.slice(1);
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 200));
}
