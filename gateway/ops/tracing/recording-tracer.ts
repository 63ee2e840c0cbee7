import {
  type Context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { type EndedSpan, millisecondsOf, RecordedSpan } from './recorded-span.js';
import { newSpanId, newTraceId } from './trace-ids.js';

/** Makes spans: the part of a tracer of the API that the gateway uses. */
export type SpanSource = Pick<Tracer, 'startSpan'>;

/**
 * Makes spans that are handed to `onEnd` when they end. Whether one is recorded follows its parent, as far away as that may be; of those without a
 * parent `ratio` are. What is not recorded has its ids all the same, so that the service knows the trace and that it is not recorded.
 */
export class RecordingTracer implements SpanSource {
  readonly #ratio: number;
  readonly #onEnd: (span: EndedSpan) => void;

  constructor(ratio: number, onEnd: (span: EndedSpan) => void) {
    this.#ratio = ratio;
    this.#onEnd = onEnd;
  }

  startSpan(name: string, options: SpanOptions = {}, context: Context = ROOT_CONTEXT): Span {
    const parent = parentOf(context);
    const isSampled =
      parent === undefined ? Math.random() < this.#ratio : (parent.traceFlags & TraceFlags.SAMPLED) !== 0;
    // Of the other flags, that the id of the trace is random goes on with the id.
    const flags = (parent?.traceFlags ?? 0) & 2;
    const own: SpanContext = {
      traceId: parent?.traceId ?? newTraceId(),
      spanId: newSpanId(),
      traceFlags: flags | (isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE),
      ...(parent?.traceState && { traceState: parent.traceState }),
    };
    if (!isSampled) return trace.wrapSpanContext(own);
    const { kind = 0, startTime, attributes = {} } = options;
    return new RecordedSpan(
      own,
      parent,
      name,
      { kind, startMs: millisecondsOf(startTime), attributes },
      this.#onEnd,
    );
  }
}

function parentOf(context: Context): SpanContext | undefined {
  const parent = trace.getSpanContext(context);
  return parent !== undefined && isSpanContextValid(parent) ? parent : undefined;
}
