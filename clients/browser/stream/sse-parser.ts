import { Code } from '../shared/code.js';
import { SluiceError } from '../shared/sluice-error.js';

/** One dispatched event of an event stream. */
export interface SseEvent {
  /** "message" where the stream names none. */
  readonly type: string;
  readonly data: string;
  /** The last event id as it is after this event; empty when none was given yet. */
  readonly lastEventId: string;
}

export interface SseParserOptions {
  /** The id to begin with: what the stream before this one ended with. Default: none. */
  readonly lastEventId?: string;
  /**
   * The most one event may hold, in UTF-16 code units (each at most three bytes on the wire), comments and field names
   * included. Default 16 Mi: a message of 4 MiB, the gateway's own limit, fits however much JSON inflates its
   * bytes and numbers. More fails with RESOURCE_EXHAUSTED.
   */
  readonly maxEventLength?: number;
}

export interface SseParser {
  /** Takes the next bytes, however they are cut, and returns the events they complete. */
  push(bytes: Uint8Array): SseEvent[];
  /** The id to resume from. A block without data moves it, too. */
  readonly lastEventId: string;
  /** The last `retry`, in milliseconds. */
  readonly retryMs: number | undefined;
}

export const DEFAULT_MAX_EVENT_LENGTH = 16 * 1024 * 1024;

/**
 * Parses an event stream by all rules of the WHATWG text: UTF-8 with one optional byte order mark, lines that end
 * in CR, LF or CRLF, comments, and fields with one optional space. An event that is not closed by a blank line is never given out.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function createSseParser(options: SseParserOptions = {}): SseParser {
  const maxEventLength = options.maxEventLength ?? DEFAULT_MAX_EVENT_LENGTH;
  // Not fatal, and the mark is dropped once, at the very beginning: both as the standard's "UTF-8 decode" does.
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
      // The LF of a CRLF whose CR ended the chunk before: that CR has ended its line already.
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
