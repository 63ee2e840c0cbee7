import type { MethodEntry } from '../schema/services.js';

/** A request for a file. */
export interface FileAddress {
  readonly httpMethod: string;
  /** Below the gateway: it begins with a slash. */
  readonly path: string;
  /** The request as JSON, where the address cannot say it. */
  readonly body: string | undefined;
}

type Json = Readonly<Record<string, unknown>>;

/** How a file is asked for: by the first path with `GET`, else at the gRPC path. `request` is ProtoJSON. */
export function downloadAddress(method: MethodEntry, request: Json): FileAddress {
  const rule = ruleOf(method, ['GET']);
  if (rule === undefined) return { httpMethod: 'POST', path: method.path, body: JSON.stringify(request) };
  return { ...rule, path: filled(rule.path, request), body: undefined };
}

function ruleOf({ http }: MethodEntry, methods: readonly string[]) {
  const rules = http.map((text) => text.split(' ') as [httpMethod: string, path: string]);
  for (const wanted of methods) {
    const found = rules.find(([httpMethod]) => httpMethod === wanted);
    if (found !== undefined) return { httpMethod: found[0], path: found[1] };
  }
  return undefined;
}

/** A path template with the fields of a request in it, and the others behind it. Throws where a field of the path is missing. */
function filled(template: string, request: Json): string {
  const used = new Set<string>();
  const path = template.replaceAll(
    /\{([\w.]{1,200})(?:=([^{}]{0,200}))?\}/g,
    (_whole, name: string, pattern = '*') => {
      const jsonName = name.replaceAll(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
      const [value, given] =
        request[name] === undefined ? [request[jsonName], jsonName] : [request[name], name];
      if (value === undefined || value === '')
        throw new Error(`the field ${jsonName} is in the path: fill it in`);
      used.add(given);
      const text = String(value);
      // A variable of several segments keeps its slashes.
      return pattern.includes('/') || pattern.includes('**')
        ? text.split('/').map(encodeURIComponent).join('/')
        : encodeURIComponent(text);
    },
  );
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(request)) {
    if (used.has(name)) continue;
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one !== 'object') query.append(name, String(one));
    }
  }
  return query.size === 0 ? path : `${path}?${query}`;
}
