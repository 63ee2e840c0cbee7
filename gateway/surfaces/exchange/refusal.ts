import type { RequestSource } from '../../security/index.js';
import { Code, RpcError } from '../../status/index.js';

/** The limits that refuse a client because of what it, or all clients together, have open; the labels of `sluice_limit_refusals_total`. */
export const LIMIT_NAMES = [
  'exchanges_per_address',
  'calls_per_address',
  'connections_per_address',
  'exchanges',
  'unfinished_bytes',
] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];

/** Hears of each refusal. Must not throw, and be cheap. */
export type OnRefusal = (limit: LimitName) => void;

/** What has been refused will fit when something else has ended, which nobody can foresee. */
const RETRY_SOON = { 'retry-after': '1' } as const;

/** One client has too much: 429. A client that came through no trusted proxy may be many behind one that nobody has named. */
export function tooManyOfAddress(what: string, flag: string, { isProxied }: RequestSource): RpcError {
  const hint = isProxied ? '' : '; if a proxy stands between, name it in --trusted-proxies';
  return new RpcError(Code.RESOURCE_EXHAUSTED, `${what} from one address at once: see ${flag}${hint}`, {
    headers: RETRY_SOON,
  });
}

/** All clients together have too much: 503. */
export function tooManyOfAll(problem: string): RpcError {
  return new RpcError(Code.UNAVAILABLE, problem, { headers: RETRY_SOON });
}
