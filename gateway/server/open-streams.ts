import type { Principal, RequestSource } from '../security/index.js';
import { type ExchangeHandle, type ExchangeRow, type Exchanges, rowOf } from '../surfaces/index.js';
import type { StreamsQuery } from './streams-query.js';

/** Whether a client may hear of an exchange. */
export type MaySee = (exchange: ExchangeHandle) => boolean;

/** What runs on the admin port sees all. */
export const ALL: MaySee = () => true;

/**
 * A known client sees what is of its own principal. One that is anonymous sees what is of its own address and has a request id that it names: many
 * clients may have one address, and only who began an exchange knows the id.
 */
export function ownOf(
  principal: Principal,
  source: RequestSource,
  { requestIds }: Pick<StreamsQuery, 'requestIds'>,
): MaySee {
  if (!principal.isAnonymous) return (exchange) => exchange.principal.key === principal.key;
  if (requestIds === undefined) return () => false;
  return (exchange) => exchange.principal.isAnonymous && exchange.source.group === source.group;
}

/** What `/_sluice/streams` answers: PROTOCOL.md, section 24. */
export interface OpenStreams {
  /** All that the client may hear of and asks for. */
  readonly open: number;
  /** Those of which most waits first, then the oldest; at most `limit`. */
  readonly streams: readonly ExchangeRow[];
}

/** How they stand now. Work: for each open exchange a look, for those that are told n log n. */
export function openStreams(exchanges: Exchanges, query: StreamsQuery, maySee: MaySee): OpenStreams {
  const rows: ExchangeRow[] = [];
  for (const exchange of exchanges.all()) {
    const { seen, stall } = exchange;
    if (seen === undefined || !maySee(exchange) || !isAskedFor(seen.running, query)) continue;
    rows.push(rowOf(seen, stall));
  }
  rows.sort((a, b) => waitingBytes(b) - waitingBytes(a) || b.ageMs - a.ageMs);
  return { open: rows.length, streams: rows.slice(0, query.limit) };
}

function isAskedFor(
  { requestId, request }: NonNullable<ExchangeHandle['seen']>['running'],
  { method, requestIds }: StreamsQuery,
): boolean {
  if (method !== undefined && request.method.path.slice(1) !== method) return false;
  return requestIds === undefined || requestIds.has(requestId);
}

function waitingBytes({ waiting }: ExchangeRow): number {
  return waiting.gatewayBytes + (waiting.socketBytes ?? 0);
}
