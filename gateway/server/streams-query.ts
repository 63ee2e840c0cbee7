import { RpcError } from '../status/index.js';

/** How many are told of at once, unless the client says otherwise, and at most. */
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
/** How often they are looked at for a client that gets events, in milliseconds: a look costs a few microseconds for each. */
const DEFAULT_INTERVAL_MS = 500;
const MIN_INTERVAL_MS = 100;
const MAX_INTERVAL_MS = 60_000;
/** Request ids in one address. */
const MAX_IDS = 100;

/** Which exchanges a client wants to hear of, and how often. */
export interface StreamsQuery {
  readonly limit: number;
  readonly intervalMs: number;
  /** `pkg.Service/Method`; `undefined`: all. */
  readonly method: string | undefined;
  /** Those with one of these; `undefined`: all. */
  readonly requestIds: ReadonlySet<string> | undefined;
}

const NAMES = ['limit', 'intervalMs', 'method', 'requestId'];

/** Reads a query. Throws INVALID_ARGUMENT that names the parameter. */
export function streamsQueryOf(search: string): StreamsQuery {
  const query = new URLSearchParams(search);
  for (const name of query.keys()) {
    if (!NAMES.includes(name))
      throw new RpcError(
        'INVALID_PARAMETER',
        `there is no parameter ${JSON.stringify(name)} here: ${NAMES.join(', ')}`,
      );
  }
  const ids = query.getAll('requestId');
  if (ids.length > MAX_IDS)
    throw new RpcError(
      'INVALID_PARAMETER',
      `the parameter "requestId" must be there ${MAX_IDS} times at most`,
    );
  return {
    limit: numberOf(query, 'limit', DEFAULT_LIMIT, 1, MAX_LIMIT),
    intervalMs: numberOf(query, 'intervalMs', DEFAULT_INTERVAL_MS, MIN_INTERVAL_MS, MAX_INTERVAL_MS),
    method: one(query, 'method'),
    requestIds: ids.length === 0 ? undefined : new Set(ids),
  };
}

function one(query: URLSearchParams, name: string): string | undefined {
  const [value, ...more] = query.getAll(name);
  if (more.length > 0) throw new RpcError('INVALID_PARAMETER', `the parameter "${name}" must be there once`);
  return value;
}

function numberOf(query: URLSearchParams, name: string, usual: number, least: number, most: number): number {
  const text = one(query, name);
  if (text === undefined) return usual;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  if (value < least || value > most)
    throw new RpcError(
      'INVALID_PARAMETER',
      `the parameter "${name}" must be a number from ${least} to ${most}`,
    );
  return value;
}
