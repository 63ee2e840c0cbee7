import type { RequestSource } from '../../security/index.js';
import { RpcError } from '../../status/index.js';

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

/** The flag that sets each limit. */
const FLAGS: Readonly<Record<LimitName, string>> = {
  exchanges_per_address: '--exchanges-per-address',
  calls_per_address: '--exchanges-per-address',
  connections_per_address: '--connections-per-address',
  exchanges: '--exchanges',
  unfinished_bytes: '--unfinished-bytes',
};

/** What has been refused will fit when something else has ended, and nothing tells when that will be. */
const RETRY_SOON = { 'retry-after': '1' } as const;

/** One client has too much: 429. A client that came through no trusted proxy may be many clients behind a proxy that is not named. */
export function tooManyOfAddress(limit: LimitName, what: string, { isProxied }: RequestSource): RpcError {
  const flag = FLAGS[limit];
  const hint = isProxied ? '' : '; if a proxy stands between, name it in --trusted-proxies';
  return new RpcError('ADDRESS_LIMIT', `${what} from one address at once: see ${flag}${hint}`, {
    metadata: { limit, flag },
    headers: RETRY_SOON,
  });
}

/** All clients together have too much: 503. */
export function tooManyOfAll(limit: LimitName, what: string): RpcError {
  const flag = FLAGS[limit];
  return new RpcError('GATEWAY_LIMIT', `${what}: see ${flag}`, {
    metadata: { limit, flag },
    headers: RETRY_SOON,
  });
}
