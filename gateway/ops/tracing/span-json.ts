import type { Attributes } from '@opentelemetry/api';
import type { EndedSpan } from './recorded-span.js';

/** Of `Span.flags`: whether the parent is in another process is known; and that it is. */
const HAS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** A span as one of `scopeSpans.spans` in OTLP's JSON. Source: opentelemetry-proto, trace/v1/trace.proto, and the rules for JSON of OTLP. */
export function spanJson(span: EndedSpan): string {
  const { context, parent, name, kind, startMs, endMs, attributes, status, events, droppedEvents } = span;
  return JSON.stringify({
    traceId: context.traceId,
    spanId: context.spanId,
    traceState: context.traceState?.serialize() || undefined,
    parentSpanId: parent?.spanId,
    flags: context.traceFlags | HAS_REMOTE | (parent?.isRemote === true ? IS_REMOTE : 0),
    name,
    // The API counts from another one.
    kind: kind + 1,
    startTimeUnixNano: nanoseconds(startMs),
    endTimeUnixNano: nanoseconds(endMs),
    attributes: keyValues(attributes),
    events: events.map((event) => ({
      timeUnixNano: nanoseconds(event.atMs),
      name: event.name,
      attributes: keyValues(event.attributes),
    })),
    droppedEventsCount: droppedEvents || undefined,
    status: status.code === 0 ? {} : status,
  });
}

/** Attributes as OTLP has them; those without a value are left out. */
export function keyValues(attributes: Attributes): KeyValue[] {
  const all: KeyValue[] = [];
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'string') all.push({ key, value: { stringValue: value } });
    else if (typeof value === 'boolean') all.push({ key, value: { boolValue: value } });
    else if (Number.isSafeInteger(value)) all.push({ key, value: { intValue: String(value) } });
    else if (typeof value === 'number') all.push({ key, value: { doubleValue: value } });
  }
  return all;
}

/** 64 bits as decimal digits. A number of milliseconds holds no more than microseconds. */
function nanoseconds(ms: number): string {
  return `${Math.round(ms * 1_000)}000`;
}
