import { METHODS } from 'node:http';

/** What every HTTP client knows, in the order in which `Allow` has them. */
export const COMMON_METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** CONNECT has no path; OPTIONS is answered by the gateway itself, with `Allow` and for CORS. */
const NEVER_ROUTED = new Set(['CONNECT', 'OPTIONS']);

/** The HTTP methods that a rule may have: those that Node's parser takes, which refuses every other word with 400. */
export const ROUTED_METHODS: readonly string[] = [
  ...COMMON_METHODS,
  ...METHODS.filter((method) => !COMMON_METHODS.includes(method) && !NEVER_ROUTED.has(method)),
];

/** Throws an `Error` that says why no request could ever have this method. */
export function assertRouted(httpMethod: string): void {
  if (ROUTED_METHODS.includes(httpMethod)) return;
  if (httpMethod === 'CONNECT') throw new Error('CONNECT opens tunnels, and has no path to bind');
  if (httpMethod === 'OPTIONS') throw new Error('OPTIONS is answered by the gateway itself');
  throw new Error(`"${httpMethod}" is no HTTP method that this server can parse`);
}
