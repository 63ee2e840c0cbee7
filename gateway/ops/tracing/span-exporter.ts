import type { Logger } from 'pino';
import type { SpanCounts } from '../tracing-options.js';
import { JsonPoster, type PostAnswer } from './post-json.js';

/** What may wait to be sent, in characters of JSON: at about 1 KB a span some 4,000 spans. What comes beyond it is dropped, and counted. */
export const MAX_QUEUED_CHARACTERS = 4 * 1024 * 1024;
/** One request has so much of it at most, unless one span alone is larger. */
const MAX_BATCH_CHARACTERS = 512 * 1024;
/** A full batch leaves at once, the others so long after their first span. */
const SEND_AFTER_MS = 1_000;
/** How long one request may take. */
const REQUEST_MS = 10_000;
/** Between two attempts while the endpoint does not take spans; it doubles up to the second. */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;
/** How long the end of the gateway waits for what is left. */
export const FLUSH_MS = 2_000;
/** An endpoint that is away is told so often. */
const LOG_EVERY_MS = 60_000;

/** Answers after which the same may be sent again. Source: the specification of OTLP, "Retryable response codes". */
const RETRYABLE = new Set([429, 502, 503, 504]);

export interface SpanExporterOptions {
  readonly url: URL;
  /** Their values are secrets: they are in no error and no line. */
  readonly headers: Readonly<Record<string, string>>;
  /** What stands around a list of spans, as JSON. */
  readonly envelope: { readonly before: string; readonly after: string };
  readonly counts: SpanCounts;
  readonly log: Logger;
}

/**
 * Sends spans to an endpoint of OTLP over HTTP, in batches and one request at a time. Nothing waits for it: an endpoint that is slow, away or full
 * costs memory up to a bound and then spans, never a call.
 *
 *     add -> queue -- a batch is full, or 1 s --> post --> taken: next batch
 *              | full: dropped, counted             +----> 429, 502 to 504, no answer: the same again after a while
 *                                                   +----> anything else: the batch is dropped, counted
 *     close: what is queued is sent, without attempts again, for `FLUSH_MS` at most
 */
export class SpanExporter {
  readonly #options: SpanExporterOptions;
  readonly #poster: JsonPoster;
  #queue: string[] = [];
  #characters = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #retryMs = FIRST_RETRY_MS;
  #loggedAt = Number.NEGATIVE_INFINITY;
  #isClosing = false;
  readonly #cut = new AbortController();

  constructor(options: SpanExporterOptions) {
    this.#options = options;
    this.#poster = new JsonPoster(options.url, options.headers);
  }

  /** Takes a span, or drops it where too many wait. */
  add(span: string): void {
    if (this.#isClosing || this.#characters + span.length > MAX_QUEUED_CHARACTERS) {
      this.#options.counts.dropped += 1;
      return;
    }
    this.#queue.push(span);
    this.#characters += span.length;
    if (this.#sending !== undefined) return;
    if (this.#characters >= MAX_BATCH_CHARACTERS && this.#retryMs === FIRST_RETRY_MS) this.#send();
    else this.#timer ??= setTimeout(this.#send, SEND_AFTER_MS).unref();
  }

  /** Sends what is left, for `FLUSH_MS` at most. Resolves when nothing of it is open any more; calling it again does nothing. */
  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const timer = setTimeout(() => this.#cut.abort(), FLUSH_MS);
    await this.#sending;
    this.#send();
    await this.#sending;
    clearTimeout(timer);
    clearTimeout(this.#timer);
    this.#drop(this.#queue.length);
    this.#poster.close();
  }

  readonly #send = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#queue.length === 0 || this.#sending !== undefined) return;
    this.#sending = this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  };

  /** Until the queue is empty, or the endpoint takes no more for now. */
  async #sendAll(): Promise<void> {
    while (this.#queue.length > 0 && !this.#cut.signal.aborted) {
      const count = this.#batchSize();
      const { before, after } = this.#options.envelope;
      const body = `${before}${this.#queue.slice(0, count).join(',')}${after}`;
      let answer: PostAnswer | undefined;
      let problem = '';
      try {
        answer = await this.#poster.post(
          body,
          AbortSignal.any([this.#cut.signal, AbortSignal.timeout(REQUEST_MS)]),
        );
      } catch (reason) {
        problem = problemOf(reason);
      }
      if (answer !== undefined && answer.status >= 200 && answer.status < 300) {
        this.#taken(count, answer.text);
        continue;
      }
      if (answer !== undefined) problem = `HTTP ${answer.status}`;
      const again = answer === undefined || RETRYABLE.has(answer.status);
      if (again && !this.#isClosing) {
        this.#warn(problem);
        this.#sendAgain(answer?.retryAfter);
        return;
      }
      this.#drop(count);
      this.#warn(problem);
      // At the end of the gateway nobody waits for an endpoint that is away.
      if (again) return;
    }
  }

  #batchSize(): number {
    let count = 0;
    let characters = 0;
    for (const span of this.#queue) {
      characters += span.length;
      if (count > 0 && characters > MAX_BATCH_CHARACTERS) break;
      count += 1;
    }
    return count;
  }

  #taken(count: number, answer: string): void {
    const { counts } = this.#options;
    const rejected = Math.min(count, rejectedSpans(answer));
    counts.sent += count - rejected;
    counts.dropped += rejected;
    this.#retryMs = FIRST_RETRY_MS;
    this.#forget(count);
    if (rejected > 0) this.#warn(`${rejected} of ${count} spans were rejected`);
  }

  #drop(count: number): void {
    this.#options.counts.dropped += count;
    this.#forget(count);
  }

  #forget(count: number): void {
    for (let index = 0; index < count; index += 1) this.#characters -= this.#queue[index]?.length ?? 0;
    this.#queue = this.#queue.slice(count);
  }

  #sendAgain(retryAfter: string | undefined): void {
    const asked = /^\d{1,4}$/.test(retryAfter ?? '') ? Number(retryAfter) * 1_000 : 0;
    // Many gateways must not come back at once.
    const delayMs = Math.max(asked, this.#retryMs * (0.5 + Math.random() / 2));
    this.#timer = setTimeout(this.#send, Math.min(delayMs, LAST_RETRY_MS)).unref();
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }

  #warn(problem: string): void {
    const now = performance.now();
    if (now - this.#loggedAt < LOG_EVERY_MS) return;
    this.#loggedAt = now;
    const { log, url, counts } = this.#options;
    log.warn({ endpoint: url.origin, problem, droppedSpans: counts.dropped }, 'traces not delivered');
  }
}

/** Why there was no answer. Never the message of the error: it may have what was sent. */
function problemOf(reason: unknown): string {
  const { code, name } = reason as { code?: unknown; name?: unknown };
  if (name === 'TimeoutError' || name === 'AbortError') return 'no answer in time';
  return typeof code === 'string' ? code : 'no answer';
}

/** How many of the spans an endpoint says that it has not taken. Source: ExportTraceServiceResponse. */
function rejectedSpans(answer: string): number {
  try {
    const { partialSuccess } = JSON.parse(answer) as { partialSuccess?: { rejectedSpans?: string | number } };
    const rejected = Number(partialSuccess?.rejectedSpans ?? 0);
    return Number.isSafeInteger(rejected) && rejected > 0 ? rejected : 0;
  } catch {
    // Not all of them answer in JSON.
    return 0;
  }
}
