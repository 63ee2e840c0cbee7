// The groups of latency. They have no R: the same call without a gateway is in each measurement.
import { SERVICE } from './samples.mjs';

/** Above this the processor that service and load share would be what is measured. */
const MOST_PER_SECOND = 4_000;
const SMALL_CALLS_PER_SECOND = 400;
/** Reach, in milliseconds that the gateway adds on a quiet machine. */
const ADDED = { p50: 0.25, p99: 2 };
/** Reach of a small call beside a saturating stream: its p99, in that of the same call alone. */
const BESIDE = { ratio99: 2 };

const GATEWAYS = ['sluice', 'hand-written'];

/** See createGroups in rows.mjs; `wire` encodes a message, `post` is the request of a unary row. */
export function latencyGroups({ go, messages, wire, get }) {
  const most = MOST_PER_SECOND;
  const group = (name, label, title, upstream, contenders, load, reach) => ({
    name,
    title,
    unit: 'call',
    table: 'latency',
    upstream,
    rows: [{ name, title: name, label, contenders, loads: { '*': load }, reach }],
  });
  return [
    group(
      'latency-unary',
      'unary GET',
      `Latency of unary GET at half load; the upstream is ${go ? 'grpc-go' : 'frames by hand'}`,
      go ? ['go', 'quote'] : ['batched.mjs', 'quote'],
      [...GATEWAYS, 'go'],
      {
        load: 'latency-unary',
        request: get,
        wireRequest: wire('StockQuoteRequest', { symbol: 'AAPL' }),
        most,
      },
      ADDED,
    ),
    group(
      'latency-sse',
      'a message over SSE',
      'Latency of a message of 50 slow SSE streams at half load',
      ['clocked.mjs', 'stocks'],
      [...GATEWAYS, 'go'],
      { load: 'latency-sse', most },
      ADDED,
    ),
    group(
      'latency-echo',
      'an echo over a WebSocket',
      'Latency of an echo over 32 WebSockets at half load',
      ['batched.mjs', 'chat'],
      GATEWAYS,
      { load: 'latency-echo', path: `/${SERVICE}/Chat`, sampleType: 'ChatMessage', most },
      ADDED,
    ),
    group(
      'latency-beside',
      'a small call beside a saturating stream, on one session',
      'Latency of a small call beside a saturating stream on the same session; "without": the stream stands still',
      ['batched.mjs', 'stocks'],
      ['sluice'],
      { load: 'latency-beside', messages, most: SMALL_CALLS_PER_SECOND },
      BESIDE,
    ),
  ];
}
