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
  readonly maxEventLength?: number | undefined;
}

export interface SseParser {
  /** Parses the next bytes, cut anywhere, and returns the events that they complete. */
  push(bytes: Uint8Array): SseEvent[];
  /** The id to resume from. A block without data changes it as well. */
  readonly lastEventId: string;
  /** The value of the last `retry` field, in milliseconds. */
  readonly retryMs: number | undefined;
}

/**
 * Creates a parser that follows the WHATWG standard: UTF-8 with an optional byte order mark, lines that end in CR, LF or CRLF, comments, and
 * fields with an optional space. An event without its closing blank line is never returned.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function createSseParser(options: SseParserOptions = {}): SseParser {
  const maxEventLength = options.maxEventLength ?? 16 * 1024 * 1024;
  // As the "UTF-8 decode" of the standard: errors are not fatal, and one byte order mark at the beginning is dropped.
  const decoder = new TextDecoder('utf-8');
  let line = '';
  let afterCr = false;
  let data = '';
  let type = '';
  let idBuffer = options.lastEventId ?? '';
  let lastEventId = idBuffer;
  let retryMs: number | undefined;

  const takeLine = (events: SseEvent[]) => {
    if (line !== '') {
      // The name of a comment is empty, and a line without a colon is a name.
      const [, name, value = ''] = /^([^:]*):? ?(.*)/s.exec(line) ?? [];
      if (name === 'data') data += `${value}\n`;
      else if (name === 'event') type = value;
      else if (name === 'id' && !value.includes('\0')) idBuffer = value;
      else if (name === 'retry' && /^[0-9]+$/.test(value)) retryMs = Number(value);
      return;
    }
    lastEventId = idBuffer;
    if (data !== '') events.push({ type: type || 'message', data: data.slice(0, -1), lastEventId });
    data = '';
    type = '';
  };

  return {
    push(bytes) {
      const events: SseEvent[] = [];
      const text = decoder.decode(bytes, { stream: true });
      if (text === '') return events;
      // The LF of a CRLF whose CR was the last byte before: the CR has ended the line already.
      const lines = text.slice(afterCr && text[0] === '\n' ? 1 : 0).split(/\r\n?|\n/);
      afterCr = text.endsWith('\r');
      lines.forEach((part, index) => {
        line += part;
        if (line.length + data.length > maxEventLength) {
          throw new SluiceError(
            Code.RESOURCE_EXHAUSTED,
            `an event is longer than ${maxEventLength} characters`,
          );
        }
        if (index === lines.length - 1) return; // its end has not arrived
        takeLine(events);
        line = '';
      });
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
