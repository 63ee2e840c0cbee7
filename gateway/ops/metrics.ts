import type { Method, Schema } from '../schema/index.js';
import type { RpcError } from '../status/index.js';
import { EVICTION_CAUSES, LIMIT_NAMES, type Meter, type OnRefusal, type Traffic } from '../surfaces/index.js';
import type { Family } from './family.js';
import { MethodCounts } from './method-counts.js';
import { RefusalCounts } from './refusal-counts.js';
import type { SpanCounts } from './tracing-options.js';

/** What a gateway counts. Every label comes from the schema or from a fixed list, none from a request: the number of series is bounded. */
export interface Metrics {
  /** The meter of a method; the same one every time. */
  meterOf(method: Method): Meter;
  /**
   * Shows from now on how many problems the schema has, and the methods that may drop messages or are healed, with what they have counted: a counter
   * that begins late hides its first steps.
   */
  showSchema(schema: Schema): void;
  /** A new schema has broken so many things, and was used or refused. */
  countBreaking(count: number, result: 'used' | 'refused'): void;
  /** A limit has refused a client. */
  readonly refused: OnRefusal;
  /** The bytes of a surface; the same object every time. */
  trafficOf(surface: string): Traffic;
  /**
   * Counts what was refused before there was a call. Returns how many refusals have had no line of log since the last one that had; -1 where this one is
   * to have none.
   */
  countRefusal(error: RpcError): number;
  /** Spans that have been sent and dropped, added to by what sends them. */
  readonly spans: SpanCounts;
  readonly contentType: string;
  /** Everything in the Prometheus text format. */
  text(): Promise<string>;
}

/** Of the Prometheus text format. */
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** What is so now, by the name of its metric; asked at each scrape. */
export type Gauges = Readonly<Record<string, { readonly help: string; readonly now: () => number }>>;

/** Metrics of one gateway, counted as plain numbers; those of the process are added, from the first scrape on. */
export function createMetrics(gauges: Gauges, spans: SpanCounts = { sent: 0, dropped: 0 }): Metrics {
  const methods = new Map<string, MethodCounts>();
  const refusals = new RefusalCounts();
  const traffic = new Map<string, Traffic>();
  const limitRefusals = new Map(LIMIT_NAMES.map((limit) => [limit, 0]));
  let problems = 0;
  const breaking = { used: 0, refused: 0 };
  const families: readonly Family[] = [
    {
      name: 'sluice_call_duration_seconds',
      help: 'How long exchanges took, from the request to the last byte or the end of the client.',
      type: 'histogram',
      *samples() {
        for (const [method, { durations }] of methods) yield* durations.samples(this.name, { method });
      },
    },
    {
      name: 'rpc_server_call_duration_seconds',
      help: 'How long exchanges took, as OpenTelemetry has rpc.server.call.duration.',
      type: 'histogram',
      *samples() {
        for (const [method, { served }] of methods) yield* served.samples(this.name, method);
      },
    },
    {
      name: 'rpc_client_call_duration_seconds',
      help: 'How long their calls at the service took, as OpenTelemetry has rpc.client.call.duration.',
      type: 'histogram',
      *samples() {
        for (const [method, { called }] of methods) yield* called.samples(this.name, method);
      },
    },
    {
      name: 'sluice_trace_spans_total',
      help: 'Spans for --otlp-endpoint: sent, taken by it; dropped, because it took them too slowly or not at all.',
      type: 'counter',
      *samples() {
        for (const [result, value] of Object.entries(spans)) yield { labels: { result }, value };
      },
    },
    {
      name: 'sluice_schema_problems',
      help: 'Problems of the schema, which /_sluice/services lists: what they name cannot be used.',
      type: 'gauge',
      samples: () => [{ value: problems }],
    },
    {
      name: 'sluice_schema_breaking_changes_total',
      help: 'Changes of the schema that break clients, by what became of the new schema.',
      type: 'counter',
      *samples() {
        for (const [result, value] of Object.entries(breaking)) yield { labels: { result }, value };
      },
    },
    ...Object.entries(gauges).map(
      ([name, { help, now }]): Family => ({ name, help, type: 'gauge', samples: () => [{ value: now() }] }),
    ),
    {
      name: 'sluice_refused_requests_total',
      help: 'Requests and calls of sessions that were refused before there was a call, by reason.',
      type: 'counter',
      *samples() {
        for (const [reason, value] of refusals.entries()) yield { labels: { reason }, value };
      },
    },
    {
      name: 'sluice_bytes_total',
      help: 'Bytes of messages as protobuf, counted at once: up, taken from the client; down, taken from the service.',
      type: 'counter',
      *samples() {
        for (const [surface, { up, down }] of traffic) {
          yield { labels: { surface, direction: 'up' }, value: up };
          yield { labels: { surface, direction: 'down' }, value: down };
        }
      },
    },
    {
      name: 'sluice_limit_refusals_total',
      help: 'Requests, calls, messages and connections that were refused because a client, or all of them, had too much open.',
      type: 'counter',
      *samples() {
        for (const [limit, value] of limitRefusals) yield { labels: { limit }, value };
      },
    },
    {
      name: 'sluice_calls_total',
      help: 'Exchanges that have ended, by the gRPC code that the client got.',
      type: 'counter',
      *samples() {
        for (const [method, counts] of methods) {
          for (const { surface, code, calls } of counts.calls()) {
            yield { labels: { method, surface, code }, value: calls };
          }
        }
      },
    },
    {
      name: 'sluice_messages_total',
      help: 'Messages of ended exchanges: up, taken from the client; down, taken from the service.',
      type: 'counter',
      *samples() {
        for (const [method, { up, down }] of methods) {
          yield { labels: { method, direction: 'up' }, value: up };
          yield { labels: { method, direction: 'down' }, value: down };
        }
      },
    },
    {
      name: 'sluice_messages_dropped_total',
      help: 'Messages taken from the service and not delivered, because the client was slow and the method has a policy for that.',
      type: 'counter',
      *samples() {
        for (const [method, { droppedMessages }] of methods) {
          for (const [policy, value] of droppedMessages) yield { labels: { method, policy }, value };
        }
      },
    },
    {
      name: 'sluice_heals_total',
      help: 'Streams of methods with cursors that broke at the service: healed, they went on; failed; cancelled, the client or the deadline was first.',
      type: 'counter',
      *samples() {
        for (const [method, { heals }] of methods) {
          for (const [result, value] of heals) yield { labels: { method, result }, value };
        }
      },
    },
    {
      name: 'sluice_journal_evicted_messages_total',
      help: 'Recorded messages that were forgotten, by the bound that was reached.',
      type: 'counter',
      *samples() {
        for (const [method, { evictedMessages }] of methods) {
          for (const [cause, value] of evictedMessages) yield { labels: { method, cause }, value };
        }
      },
    },
    {
      name: 'sluice_gaps_total',
      help: 'How often a client of a recording was told that messages are missing.',
      type: 'counter',
      *samples() {
        for (const [method, { evictedMessages, gaps }] of methods)
          if (evictedMessages.size > 0) yield { labels: { method }, value: gaps };
      },
    },
  ];
  // Once for all scrapes, and not before the first: what writes the text is not loaded by a start.
  let write: Promise<() => Promise<string>> | undefined;
  /** By the method itself: a new schema brings new ones, of the same names. */
  const meters = new WeakMap<Method, MethodCounts>();
  const meterOf = (method: Method): Meter => {
    let counts = meters.get(method);
    if (counts === undefined) {
      counts = countsOf(method.path.slice(1));
      meters.set(method, counts);
      if (method.resume !== undefined) counts.showHeals();
      if (method.recording !== undefined) counts.showRecordings(EVICTION_CAUSES);
    }
    counts.policy = method.slowReader.policy;
    return counts;
  };
  /** As in the log: without the slash. */
  const countsOf = (name: string): MethodCounts => {
    let counts = methods.get(name);
    if (counts === undefined) {
      counts = new MethodCounts();
      methods.set(name, counts);
    }
    return counts;
  };
  return {
    meterOf,
    showSchema(schema) {
      problems = schema.problems.length;
      for (const method of schema.methods.values()) {
        const mayCount = method.slowReader.policy !== 'pause' || method.resume !== undefined;
        if (mayCount || method.recording !== undefined) meterOf(method);
      }
    },
    countBreaking(count, result) {
      breaking[result] += count;
    },
    refused: (limit) => limitRefusals.set(limit, (limitRefusals.get(limit) ?? 0) + 1),
    trafficOf(surface) {
      let bytes = traffic.get(surface);
      if (bytes === undefined) {
        bytes = { up: 0, down: 0 };
        traffic.set(surface, bytes);
      }
      return bytes;
    },
    countRefusal: (error) => refusals.count(error),
    spans,
    contentType: CONTENT_TYPE,
    async text() {
      write ??= import('./metrics-text.js').then(({ createMetricsText }) => createMetricsText(families));
      return await (await write)();
    },
  };
}
