import type { Principal, RequestSource } from '../../security/index.js';
import { type Reason, RpcError, sharedError } from '../../status/index.js';

/** The limits that refuse a client because of what it, or all clients together, have open or begin; the labels of `sluice_limit_refusals_total`. */
export const LIMIT_NAMES = [
  'exchanges_per_principal',
  'exchanges_per_address',
  'calls_per_address',
  'connections_per_address',
  'exchanges',
  'calls_per_second',
  'upload_bytes',
  'unfinished_bytes',
  'event_loop_delay_ms',
] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];

/** Hears of each refusal. Must not throw, and be cheap. */
export type OnRefusal = (limit: LimitName) => void;

/** The flag that sets each limit. */
const FLAGS: Readonly<Record<LimitName, string>> = {
  exchanges_per_principal: '--exchanges-per-principal',
  exchanges_per_address: '--exchanges-per-address',
  calls_per_address: '--exchanges-per-address',
  connections_per_address: '--connections-per-address',
  exchanges: '--exchanges',
  calls_per_second: '--calls-per-second',
  upload_bytes: '--upload-bytes',
  unfinished_bytes: '--unfinished-bytes',
  event_loop_delay_ms: '--event-loop-delay-ms',
};

/** What has been refused will fit when something else has ended, and nothing tells when that will be. */
const RETRY_SOON = { 'retry-after': '1' } as const;

/** One client has too much: 429. A client that came through no trusted proxy may be many clients behind a proxy that is not named. */
export function tooManyOfAddress(limit: LimitName, what: string, { isProxied }: RequestSource): RpcError {
  const flag = FLAGS[limit];
  return shared(
    'ADDRESS_LIMIT',
    limit,
    `${what} from one address at once: see ${flag}${proxyHint(isProxied)}`,
  );
}

/** One principal has too much, from all its addresses together: 429. */
export function tooManyOfPrincipal(limit: LimitName, what: string): RpcError {
  return shared('PRINCIPAL_LIMIT', limit, `${what} of one principal at once: see ${FLAGS[limit]}`);
}

/** One client begins too much in too short a time: 429, and when it may begin again, rounded up to two digits. */
export class TooOften {
  readonly #limit: LimitName;
  readonly #what: string;
  /** By the wait and whose rate it is: they come in floods, and to put one together costs more than to look one up. */
  readonly #made = new Map<number, RpcError>();

  constructor(limit: LimitName, what: string) {
    this.#limit = limit;
    this.#what = what;
  }

  error({ isProxied }: RequestSource, { isAnonymous }: Principal, retryAfterMs: number): RpcError {
    const waitMs = roundedUp(retryAfterMs);
    const key = 4 * waitMs + (isProxied ? 1 : 0) + (isAnonymous ? 2 : 0);
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const flag = FLAGS[this.#limit];
    const whose = isAnonymous
      ? `from one address: see ${flag}${proxyHint(isProxied)}`
      : `of one principal: see ${flag}`;
    const error = shared('RATE_LIMIT', this.#limit, `${this.#what} ${whose}`, waitMs);
    // Two digits of a wait that has a bound: a few hundred of each kind.
    this.#made.set(key, error);
    return error;
  }
}

/** An upload is larger than it may be: 413. */
export function uploadTooLarge(maxBytes: number): RpcError {
  const flag = FLAGS.upload_bytes;
  return new RpcError('UPLOAD_TOO_LARGE', `the upload is larger than ${maxBytes} bytes: see ${flag}`, {
    metadata: { limit: 'upload_bytes', flag },
  });
}

/** All clients together have too much: 503. */
export function tooManyOfAll(limit: LimitName, what: string): RpcError {
  return shared('GATEWAY_LIMIT', limit, `${what}: see ${FLAGS[limit]}`);
}

function proxyHint(isProxied: boolean): string {
  return isProxied ? '' : '; if a proxy stands between, name it in --trusted-proxies';
}

/** Not less, in milliseconds, with two digits that are not zero: so there are few different ones. */
function roundedUp(ms: number): number {
  let unit = 1;
  while (ms / unit > 99) unit *= 10;
  return Math.ceil(ms / unit) * unit;
}

/** A refusal that comes in floods. */
function shared(reason: Reason, limit: LimitName, message: string, retryAfterMs?: number): RpcError {
  const metadata = { limit, flag: FLAGS[limit] };
  const when = retryAfterMs === undefined ? { headers: RETRY_SOON } : { retryAfterMs };
  return sharedError(reason, message, { metadata, ...when });
}
