/** What one server-sent event is made of. Source: WHATWG HTML, "Server-sent events". */
export interface SseEvent {
  /** The event's name; absent means "message". */
  readonly event?: string;
  /** The last event id from here on. */
  readonly id?: string;
  /** Milliseconds before a reconnect. */
  readonly retryMs?: number;
  readonly data: string;
}

/** Throws on what would end the field early: a service must never be able to forge a field. */
function assertOneLine(name: string, value: string): void {
  if (/[\r\n\0]/.test(value)) throw new TypeError(`SSE field ${name} must not hold CR, LF or NUL`);
}

/** One event as text, with its closing blank line. Every line break in `data` starts a new data line. */
export function formatSseEvent({ event, id, retryMs, data }: SseEvent): string {
  let text = '';
  if (event !== undefined) {
    assertOneLine('event', event);
    text += `event: ${event}\n`;
  }
  if (id !== undefined) {
    assertOneLine('id', id);
    text += `id: ${id}\n`;
  }
  if (retryMs !== undefined) text += `retry: ${Math.max(0, Math.round(retryMs))}\n`;
  for (const line of data.split(/\r\n|\r|\n/)) text += `data: ${line}\n`;
  return `${text}\n`;
}

/**
 * A comment line: keeps the connection alive, and clients never see it. No blank line follows: by the standard one without data dispatches
 * nothing, but clients in the field (@microsoft/fetch-event-source, httpx-sse) make an empty message of it.
 */
export function formatSseComment(text: string): string {
  return `: ${text.replace(/[\r\n]/g, ' ')}\n`;
}

/** A `retry` line alone: it counts from its line end on, so it needs no blank line either. */
export function formatSseRetry(retryMs: number): string {
  return `retry: ${Math.max(0, Math.round(retryMs))}\n`;
}
