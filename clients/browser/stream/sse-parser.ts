import { Code } from '../shared/code.js';
import { SluiceError } from '../shared/sluice-error.js';

/** One event of an event stream. */
export interface SseEvent {
  /** The name of the event; "message" if the stream gives none. */
  readonly type: string;
  readonly data: string;
  /** The last event id after this event; empty if the stream has given none. */
  readonly lastEventId: string;
}

export interface SseParserOptions {
  /** The last event id of the connection before this one. Default: none. */
  readonly lastEventId?: string;
  /**
   * The longest event, in UTF-16 code units (each at most three bytes on the wire), comments and field names
   * included. Default 16 Mi, so that a message of 4 MiB, the gateway's default limit, fits whatever its JSON looks like.
   * A longer event throws RESOURCE_EXHAUSTED.
   */
  readonly maxEventLength?: number;
}

export interface SseParser {
  /** Parses the next bytes, cut anywhere, and returns the events that they complete. */
  push(bytes: Uint8Array): SseEvent[];
  /** The id to resume from. A block without data changes it as well. */
  readonly lastEventId: string;
  /** The value of the last `retry` field, in milliseconds. */
  readonly retryMs: number | undefined;
}

export const DEFAULT_MAX_EVENT_LENGTH = 16 * 1024 * 1024;

/**
 * Creates a parser that follows the WHATWG standard: UTF-8 with an optional byte order mark, lines that end in CR, LF or CRLF, comments, and
 * fields with an optional space. An event without its closing blank line is never returned.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function createSseParser(options: SseParserOptions = {}): SseParser {
  const maxEventLength = options.maxEventLength ?? DEFAULT_MAX_EVENT_LENGTH;
  // As the "UTF-8 decode" of the standard: errors are not fatal, and one byte order mark at the beginning is dropped.
  const decoder = new TextDecoder('utf-8');
  let line = '';
  let afterCr = false;
  let data = '';
  let type = '';
  let idBuffer = options.lastEventId ?? '';
  let lastEventId = idBuffer;
  let retryMs: number | undefined;

  const takeField = (name: string, value: string) => {
    switch (name) {
      case 'data':
        data += `${value}\n`;
        break;
      case 'event':
        type = value;
        break;
      case 'id':
        if (!value.includes('\0')) idBuffer = value;
        break;
      case 'retry':
        if (/^[0-9]+$/.test(value)) retryMs = Number(value);
        break;
    }
  };

  const takeLine = (events: SseEvent[]) => {
    if (line !== '') {
      const colon = line.indexOf(':');
      if (colon === -1) takeField(line, '');
      else if (colon > 0) {
        takeField(line.slice(0, colon), line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1));
      }
      return;
    }
    lastEventId = idBuffer;
    if (data !== '')
      events.push({ type: type === '' ? 'message' : type, data: data.slice(0, -1), lastEventId });
    data = '';
    type = '';
  };

  return {
    push(bytes) {
      const events: SseEvent[] = [];
      const text = decoder.decode(bytes, { stream: true });
      let start = 0;
      // The LF of a CRLF whose CR was the last byte before: the CR has ended the line already.
      if (afterCr && text !== '') {
        if (text[0] === '\n') start = 1;
        afterCr = false;
      }
      while (start < text.length) {
        const end = lineEnd(text, start);
        line += text.slice(start, end === -1 ? text.length : end);
        if (line.length + data.length > maxEventLength) {
          throw new SluiceError(
            Code.RESOURCE_EXHAUSTED,
            `an event is longer than ${maxEventLength} characters`,
          );
        }
        if (end === -1) break;
        takeLine(events);
        line = '';
        start = end + 1;
        if (text[end] === '\r') {
          if (start === text.length) afterCr = true;
          else if (text[start] === '\n') start += 1;
        }
      }
      return events;
    },
    get lastEventId() {
      return lastEventId;
    },
    get retryMs() {
      return retryMs;
    },
  };
}

function lineEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === 10 || unit === 13) return at;
  }
  return -1;
}
