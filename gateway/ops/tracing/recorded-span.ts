import type { Attributes, Exception, Span, SpanContext, SpanStatus, TimeInput } from '@opentelemetry/api';

/** Events of one span at most: a stream may last for days, and every event stays in memory until its end. */
const MAX_EVENTS = 64;

interface SpanEvent {
  readonly name: string;
  readonly atMs: number;
  readonly attributes: Attributes;
}

/** What a span was, when it ends. Times are in milliseconds since 1970. */
export interface EndedSpan {
  readonly context: SpanContext;
  readonly parent: SpanContext | undefined;
  readonly name: string;
  /** A `SpanKind` of the API. */
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly status: SpanStatus;
  readonly events: readonly SpanEvent[];
  /** Those that were more than a span may have. */
  readonly droppedEvents: number;
}

/** A span of the API that is recorded, and handed on when it ends. What comes after the end counts as nothing. */
export class RecordedSpan implements Span {
  readonly #context: SpanContext;
  readonly #parent: SpanContext | undefined;
  #name: string;
  readonly #kind: number;
  readonly #startMs: number;
  readonly #attributes: Attributes;
  readonly #onEnd: (span: EndedSpan) => void;
  #status: SpanStatus = { code: 0 };
  readonly #events: SpanEvent[] = [];
  #droppedEvents = 0;
  #isOver = false;

  constructor(
    context: SpanContext,
    parent: SpanContext | undefined,
    name: string,
    { kind, startMs, attributes }: Pick<EndedSpan, 'kind' | 'startMs' | 'attributes'>,
    onEnd: (span: EndedSpan) => void,
  ) {
    this.#context = context;
    this.#parent = parent;
    this.#name = name;
    this.#kind = kind;
    this.#startMs = startMs;
    this.#attributes = { ...attributes };
    this.#onEnd = onEnd;
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  setAttribute(name: string, value: Attributes[string]): this {
    return this.setAttributes({ [name]: value });
  }

  setAttributes(attributes: Attributes): this {
    if (!this.#isOver) Object.assign(this.#attributes, attributes);
    return this;
  }

  addEvent(name: string, attributes?: Attributes | TimeInput, at?: TimeInput): this {
    if (this.#isOver) return this;
    if (this.#events.length === MAX_EVENTS) {
      this.#droppedEvents += 1;
      return this;
    }
    const given =
      typeof attributes === 'object' && !Array.isArray(attributes) && !(attributes instanceof Date);
    this.#events.push({
      name,
      atMs: millisecondsOf(given ? at : (attributes as TimeInput | undefined)),
      attributes: given ? (attributes as Attributes) : {},
    });
    return this;
  }

  /** Spans of a gateway have none. */
  addLink(): this {
    return this;
  }

  /** The same. */
  addLinks(): this {
    return this;
  }

  setStatus(status: SpanStatus): this {
    if (!this.#isOver) this.#status = status;
    return this;
  }

  updateName(name: string): this {
    if (!this.#isOver) this.#name = name;
    return this;
  }

  end(at?: TimeInput): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onEnd({
      context: this.#context,
      parent: this.#parent,
      name: this.#name,
      kind: this.#kind,
      startMs: this.#startMs,
      endMs: Math.max(this.#startMs, millisecondsOf(at)),
      attributes: this.#attributes,
      status: this.#status,
      events: this.#events,
      droppedEvents: this.#droppedEvents,
    });
  }

  isRecording(): boolean {
    return !this.#isOver;
  }

  recordException(exception: Exception, at?: TimeInput): void {
    const type = typeof exception === 'object' && 'name' in exception ? exception.name : undefined;
    this.addEvent('exception', { 'exception.type': type ?? 'Error' }, at);
  }
}

/** A time of the API as milliseconds since 1970; without one, now. */
export function millisecondsOf(time: TimeInput | undefined): number {
  if (time === undefined) return Date.now();
  if (typeof time === 'number') return time;
  if (Array.isArray(time)) return time[0] * 1_000 + time[1] / 1_000_000;
  return (time as Date).getTime();
}
