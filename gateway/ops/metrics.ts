import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Method, Schema } from '../schema/index.js';
import type { RpcError } from '../status/index.js';
import { LIMIT_NAMES, type Meter, type OnRefusal, type Traffic } from '../surfaces/index.js';
import { MethodCounts } from './method-counts.js';
import { RefusalCounts } from './refusal-counts.js';

/** What a gateway counts. Every label comes from the schema or from a fixed list, none from a request: the number of series is bounded. */
export interface Metrics {
  /** The meter of a method; the same one every time. */
  meterOf(method: Method): Meter;
  /**
   * Shows from now on how many problems the schema has, and the methods that may drop messages, with what they have dropped: a counter
   * that begins late hides its first steps.
   */
  showSchema(schema: Schema): void;
  /** A limit has refused a client. */
  readonly refused: OnRefusal;
  /** The bytes of a surface; the same object every time. */
  trafficOf(surface: string): Traffic;
  /** A request, or a call of a session, that was refused before there was a call. */
  countRefusal(error: RpcError): void;
  readonly contentType: string;
  /** Everything in the Prometheus text format. */
  text(): Promise<string>;
}

/** From a cache's answer to a stream of an hour. */
const DURATION_BUCKETS_S = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 60, 600, 3_600];

/** What is so now, by the name of its metric; asked at each scrape. */
export type Gauges = Readonly<Record<string, { readonly help: string; readonly now: () => number }>>;

/** Metrics of one gateway; those of the process are added. */
export function createMetrics(gauges: Gauges): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const methods = new Map<string, MethodCounts>();
  const duration = new Histogram({
    name: 'sluice_call_duration_seconds',
    help: 'How long exchanges took, from the request to the last byte or the end of the client.',
    labelNames: ['method'],
    buckets: DURATION_BUCKETS_S,
    registers,
  });
  const problems = new Gauge({
    name: 'sluice_schema_problems',
    help: 'Problems of the schema, which /_sluice/services lists: what they name cannot be used.',
    registers,
  });
  for (const [name, { help, now }] of Object.entries(gauges)) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(now());
      },
    });
  }
  const refusals = new RefusalCounts();
  new Counter({
    name: 'sluice_refused_requests_total',
    help: 'Requests and calls of sessions that were refused before there was a call, by reason.',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset();
      for (const [reason, requests] of refusals.entries()) this.inc({ reason }, requests);
    },
  });
  const traffic = new Map<string, Traffic>();
  new Counter({
    name: 'sluice_bytes_total',
    help: 'Bytes of messages as protobuf, counted at once: up, taken from the client; down, taken from the service.',
    labelNames: ['surface', 'direction'],
    registers,
    collect() {
      this.reset();
      for (const [surface, { up, down }] of traffic) {
        this.inc({ surface, direction: 'up' }, up);
        this.inc({ surface, direction: 'down' }, down);
      }
    },
  });
  const limitRefusals = new Map(LIMIT_NAMES.map((limit) => [limit, 0]));
  new Counter({
    name: 'sluice_limit_refusals_total',
    help: 'Requests, calls, messages and connections that were refused because a client, or all of them, had too much open.',
    labelNames: ['limit'],
    registers,
    collect() {
      this.reset();
      for (const [limit, count] of limitRefusals) this.inc({ limit }, count);
    },
  });
  new Counter({
    name: 'sluice_calls_total',
    help: 'Exchanges that have ended, by the gRPC code that the client got.',
    labelNames: ['method', 'surface', 'code'],
    registers,
    collect() {
      this.reset();
      for (const [method, counts] of methods) {
        for (const { surface, code, calls } of counts.calls()) this.inc({ method, surface, code }, calls);
      }
    },
  });
  new Counter({
    name: 'sluice_messages_total',
    help: 'Messages of ended exchanges: up, taken from the client; down, taken from the service.',
    labelNames: ['method', 'direction'],
    registers,
    collect() {
      this.reset();
      for (const [method, { up, down }] of methods) {
        this.inc({ method, direction: 'up' }, up);
        this.inc({ method, direction: 'down' }, down);
      }
    },
  });
  new Counter({
    name: 'sluice_messages_dropped_total',
    help: 'Messages taken from the service and not delivered, because the client was slow and the method has a policy for that.',
    labelNames: ['method', 'policy'],
    registers,
    collect() {
      this.reset();
      for (const [method, { droppedMessages }] of methods) {
        for (const [policy, messages] of droppedMessages) this.inc({ method, policy }, messages);
      }
    },
  });
  const all = Registry.merge([registry, processMetrics()]);
  const meterOf = ({ path, slowReader: { policy } }: Method): Meter => {
    // As in the log: without the slash.
    const name = path.slice(1);
    let counts = methods.get(name);
    if (counts === undefined) {
      counts = new MethodCounts(duration.labels(name));
      methods.set(name, counts);
    }
    counts.policy = policy;
    return counts;
  };
  return {
    meterOf,
    showSchema(schema) {
      problems.set(schema.problems.length);
      for (const method of schema.methods.values()) if (method.slowReader.policy !== 'pause') meterOf(method);
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
    contentType: registry.contentType,
    text: () => all.metrics(),
  };
}

let ofProcess: Registry | undefined;

/** CPU, memory, event loop and garbage collection: one set a process, however many gateways it has, because nothing stops its observers. */
function processMetrics(): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
}
