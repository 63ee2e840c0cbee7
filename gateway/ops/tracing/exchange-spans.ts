import {
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TraceState,
  trace,
} from '@opentelemetry/api';
import { codeName, type RpcError } from '../../status/index.js';
import type { ExchangePlan, ExchangeTrace, HealResult, TracedEnd, Tracing } from '../../surfaces/index.js';
import type { TraceContext } from '../../wire/index.js';
import type { SpanServers } from '../tracing-options.js';
import type { SpanSource } from './recording-tracer.js';

/** Messages that are dropped one by one are told together, as often as this: in milliseconds. */
const DROPS_EVERY_MS = 1_000;

/** Codes that are a fault of whoever serves the call. Of the others the client is the cause. Source: the conventions for gRPC, server spans. */
const SERVER_FAULTS: ReadonlySet<string> = new Set([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

/** Spans of exchanges and their calls, made by `source`, with the names of OpenTelemetry's conventions for RPC. */
export function traceExchanges(source: SpanSource, servers: SpanServers): Tracing {
  return { begin: (plan, parent) => new ExchangeSpans(source, servers, plan, parent) };
}

/** The span of an exchange, and that of its call below it. */
class ExchangeSpans implements ExchangeTrace {
  readonly traceId: string;
  readonly #source: SpanSource;
  readonly #servers: SpanServers;
  readonly #method: string;
  readonly #exchange: Span;
  #call: Span | undefined;
  /** Both clocks at the beginning: times within a trace must not jump with the clock of the machine. */
  readonly #wall = Date.now();
  readonly #steady = performance.now();
  #dropped = 0;
  #droppedToldAt = Number.NEGATIVE_INFINITY;

  constructor(
    source: SpanSource,
    servers: SpanServers,
    plan: ExchangePlan,
    parent: TraceContext | undefined,
  ) {
    const { surface, request, requestId } = plan;
    this.#source = source;
    this.#servers = servers;
    this.#method = request.method.path.slice(1);
    const attributes = {
      'rpc.system.name': surface.rpcSystem ?? 'grpc',
      'rpc.method': this.#method,
      'sluice.surface': surface.name,
      'sluice.request_id': requestId,
      ...servers.gateway,
    };
    const options = { kind: SpanKind.SERVER, startTime: this.#wall, attributes };
    this.#exchange = source.startSpan(this.#method, options, contextOf(parent));
    this.traceId = this.#exchange.spanContext().traceId;
    if (plan.resume !== undefined)
      this.#exchange.addEvent('sluice.resume', { 'sluice.resumed': 'client' }, this.#wall);
  }

  openCall(): TraceContext {
    const attributes = { 'rpc.system.name': 'grpc', 'rpc.method': this.#method, ...this.#servers.service };
    const options = { kind: SpanKind.CLIENT, startTime: this.#at(performance.now()), attributes };
    this.#call = this.#source.startSpan(this.#method, options, trace.setSpan(ROOT_CONTEXT, this.#exchange));
    const { traceId, spanId, traceFlags, traceState } = this.#call.spanContext();
    return { traceId, spanId, flags: traceFlags, state: traceState?.serialize() ?? '' };
  }

  dropped(messages: number): void {
    if (messages === 0 || !this.#exchange.isRecording()) return;
    this.#dropped += messages;
    const now = performance.now();
    if (now - this.#droppedToldAt >= DROPS_EVERY_MS) this.#tellDrops(now);
  }

  stalled(side: 'client' | 'service', durationMs: number): void {
    const attributes = { 'sluice.stalled': side, 'sluice.stall_ms': Math.round(durationMs) };
    this.#exchange.addEvent('sluice.stall', attributes, this.#at(performance.now()));
  }

  healed(result: HealResult): void {
    const attributes = { 'sluice.resumed': 'gateway', 'sluice.result': result };
    this.#exchange.addEvent('sluice.resume', attributes, this.#at(performance.now()));
  }

  end({ code, reason, report }: TracedEnd): void {
    if (this.#call !== undefined) {
      const callCode = codeName(report.callCode);
      setResult(this.#call, callCode, callCode !== 'OK');
      this.#call.end(this.#at(report.callEndedAt));
    }
    const { received, sent, dropped, aborted } = report;
    this.#exchange.setAttributes({
      'sluice.received': received,
      'sluice.sent': sent,
      ...(dropped > 0 && { 'sluice.dropped': dropped }),
      ...(aborted !== undefined && { 'sluice.aborted': aborted }),
    });
    this.#endExchange(code, reason);
  }

  refused({ code, reason }: RpcError): void {
    // Where its call was opened before, the service has been told of it.
    this.#call?.setStatus({ code: SpanStatusCode.ERROR });
    this.#call?.end(this.#at(performance.now()));
    this.#endExchange(codeName(code), reason);
  }

  #endExchange(code: string, reason: string | undefined): void {
    const now = performance.now();
    if (this.#dropped > 0) this.#tellDrops(now);
    setResult(this.#exchange, code, SERVER_FAULTS.has(code));
    if (reason !== undefined) this.#exchange.setAttribute('sluice.reason', reason);
    this.#exchange.end(this.#at(now));
  }

  #tellDrops(now: number): void {
    this.#exchange.addEvent('sluice.drop', { 'sluice.messages': this.#dropped }, this.#at(now));
    this.#dropped = 0;
    this.#droppedToldAt = now;
  }

  /** A time of `performance` in milliseconds since 1970. */
  #at(steady: number): number {
    return this.#wall + steady - this.#steady;
  }
}

function setResult(span: Span, code: string, isFault: boolean): void {
  span.setAttributes({ 'rpc.response.status_code': code, ...(isFault && { 'error.type': code }) });
  if (isFault) span.setStatus({ code: SpanStatusCode.ERROR });
}

function contextOf(parent: TraceContext | undefined): Context {
  if (parent === undefined) return ROOT_CONTEXT;
  const { traceId, spanId, flags, state } = parent;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: flags,
    isRemote: true,
    ...(state !== '' && { traceState: new CarriedState(state) }),
  });
}

/** The state of a trace as it came: it is read only when somebody asks what is in it. */
class CarriedState implements TraceState {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get(key: string): string | undefined {
    return createTraceState(this.#text).get(key);
  }

  set(key: string, value: string): TraceState {
    return createTraceState(this.#text).set(key, value);
  }

  unset(key: string): TraceState {
    return createTraceState(this.#text).unset(key);
  }

  serialize(): string {
    return this.#text;
  }
}
