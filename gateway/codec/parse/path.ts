import type { Parser } from '../plan/index.js';
import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './tokens.js';

/** Deeper and longer than this a path helps nobody. */
const MAX_PARTS = 20;
const MAX_NAME_LENGTH = 64;

/**
 * Where the parser stands, as "messages[3].sender.name"; empty at the top. It is worked out from the text after a fault, so
 * that parsing does not have to remember it. `root` is the name of the field that the whole text is, if it is one.
 */
export function pathOf(parser: Parser, root: string): string {
  const { text, pos: end } = parser;
  // Of each open object the key, of each open array the index.
  const parts: (string | number | undefined)[] = root === '' ? [] : [root];
  let expectsKey = false;
  for (let pos = 0; pos < end; pos += 1) {
    switch (text[pos]) {
      case OPEN_BRACE:
        parts.push(undefined);
        expectsKey = true;
        break;
      case OPEN_BRACKET:
        parts.push(0);
        expectsKey = false;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        parts.pop();
        expectsKey = false;
        break;
      case COMMA: {
        const last = parts.pop();
        parts.push(typeof last === 'number' ? last + 1 : undefined);
        expectsKey = typeof last !== 'number';
        break;
      }
      case QUOTE: {
        const close = closingQuote(text, pos + 1, end);
        if (expectsKey && close < end) {
          parts.pop();
          parts.push(text.toString('utf8', pos + 1, Math.min(close, pos + 1 + MAX_NAME_LENGTH)));
          expectsKey = false;
        }
        pos = close;
        break;
      }
    }
  }
  return format(parts.filter((part) => part !== undefined));
}

function closingQuote(text: Uint8Array, start: number, end: number): number {
  let pos = start;
  while (pos < end && text[pos] !== QUOTE) pos += text[pos] === BACKSLASH ? 2 : 1;
  return pos;
}

function format(parts: (string | number)[]): string {
  let path = '';
  for (const part of parts.slice(0, MAX_PARTS)) {
    if (typeof part === 'number') path += `[${part}]`;
    else path += path === '' ? part : `.${part}`;
  }
  return parts.length > MAX_PARTS ? `${path}...` : path;
}
