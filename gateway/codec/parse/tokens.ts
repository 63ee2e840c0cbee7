import { JsonFault, type Parser } from '../plan/index.js';

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const MINUS = 0x2d;
export const COLON = 0x3a;
export const OPEN_BRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_BRACKET = 0x5d;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;
export const LETTER_N = 0x6e;

/** The bytes that a string token cannot simply hold: controls, the quotation mark and the backslash. */
const SPECIAL = new Uint8Array(256);
SPECIAL.fill(1, 0, 0x20);
SPECIAL[QUOTE] = 1;
SPECIAL[BACKSLASH] = 1;

/** The key of google.protobuf.Any that names its type. */
export const TYPE_KEY = '@type';

/** The longest piece of a text that an error shows. */
const MAX_SHOWN = 40;

/** Steps over white space and returns the byte after it. Source of the grammar: RFC 8259. */
export function peek(parser: Parser): number {
  const byte = parser.text[parser.pos] as number;
  return byte > 0x20 ? byte : skipSpace(parser);
}

function skipSpace(parser: Parser): number {
  const text = parser.text;
  let pos = parser.pos;
  let byte = text[pos] as number;
  while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
    pos += 1;
    byte = text[pos] as number;
  }
  parser.pos = pos;
  return byte;
}

/** A string up to its end, or to where it was cut; what stands behind it is not what is wrong. */
const QUOTED = /^"(?:[^"\\]|\\[\s\S])*"?/;
const BARE = /^[^\s,:"[\]{}]+/;

/** A fault at the token where the parser stands. */
export function unexpected(parser: Parser, wanted: string): JsonFault {
  const byte = peek(parser);
  if (byte === 0 && parser.pos >= parser.end) return new JsonFault(`expected ${wanted}, but the text ends`);
  const rest = parser.text.toString('utf8', parser.pos, Math.min(parser.end, parser.pos + MAX_SHOWN));
  const whole = byte === QUOTE ? QUOTED : BARE;
  const shown = whole.exec(rest)?.[0] ?? rest.slice(0, 1);
  return new JsonFault(`expected ${wanted}, not ${shown.replace(/\uFFFD/g, '')}`);
}

/** Takes one of the marks `{ } [ ] : ,`. */
export function take(parser: Parser, mark: number, wanted: string): void {
  if (peek(parser) !== mark) throw unexpected(parser, wanted);
  parser.pos += 1;
}

/** After an element: true when another one follows, false when `end` came. */
export function takeComma(parser: Parser, end: number): boolean {
  const byte = peek(parser);
  if (byte !== COMMA && byte !== end) {
    throw unexpected(parser, end === CLOSE_BRACE ? 'a comma or "}"' : 'a comma or "]"');
  }
  parser.pos += 1;
  return byte === COMMA;
}

/** Takes `true`, `false` or `null`; false when something else stands there. */
export function takeLiteral(parser: Parser, literal: Uint8Array): boolean {
  const { text, pos } = parser;
  for (let index = 0; index < literal.length; index += 1) {
    if (text[pos + index] !== literal[index]) return false;
  }
  parser.pos = pos + literal.length;
  return true;
}

const NULL = Buffer.from('null');
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

export function takeNull(parser: Parser): void {
  if (!takeLiteral(parser, NULL)) throw unexpected(parser, 'a value');
}

/** Takes a boolean; undefined when there is none. */
export function takeBool(parser: Parser): boolean | undefined {
  if (takeLiteral(parser, TRUE)) return true;
  return takeLiteral(parser, FALSE) ? false : undefined;
}

/** Takes a string token, whose quotation mark is next, and notes where it lies and whether it has escapes. */
export function takeString(parser: Parser): void {
  const text = parser.text;
  const start = parser.pos + 1;
  let pos = start;
  let escaped = false;
  for (;;) {
    const byte = text[pos] as number;
    if (SPECIAL[byte] === 0) {
      pos += 1;
      continue;
    }
    if (byte === QUOTE) break;
    if (byte !== BACKSLASH) throw badString(parser, pos);
    escaped = true;
    // What is escaped is looked at when the string is used; here only a quotation mark matters.
    if (pos + 1 >= parser.end) throw badString(parser, pos + 1);
    pos += 2;
  }
  parser.stringStart = start;
  parser.stringEnd = pos;
  parser.stringEscaped = escaped;
  parser.pos = pos + 1;
}

function badString(parser: Parser, pos: number): JsonFault {
  return pos >= parser.end
    ? new JsonFault('a string does not end')
    : new JsonFault('a string holds a control character that is not escaped');
}

/** The text of the string token that was taken last. */
export function stringText(parser: Parser): string {
  const { text, stringStart, stringEnd } = parser;
  if (!parser.stringEscaped) return text.toString('utf8', stringStart, stringEnd);
  const plain = Buffer.allocUnsafe(stringEnd - stringStart);
  return plain.toString('utf8', 0, unescapeInto(parser, plain, 0));
}

const UNESCAPED = new Uint8Array(128);
for (const [letter, character] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t']) {
  UNESCAPED[(letter as string).charCodeAt(0)] = (character as string).charCodeAt(0);
}

/**
 * Writes the string token that was taken last without its escapes, as UTF-8, and returns where it ends. It never
 * becomes longer. Half of a surrogate pair is refused: UTF-8 has no form for it.
 */
export function unescapeInto(parser: Parser, out: Uint8Array, start: number): number {
  const { text, stringEnd } = parser;
  let pos = parser.stringStart;
  let at = start;
  while (pos < stringEnd) {
    const byte = text[pos] as number;
    if (byte !== BACKSLASH) {
      out[at++] = byte;
      pos += 1;
      continue;
    }
    const letter = text[pos + 1] as number;
    if (letter !== 0x75) {
      const character = UNESCAPED[letter & 0x7f] as number;
      if (letter > 0x7f || character === 0)
        throw new JsonFault('a string holds an escape that JSON does not have');
      out[at++] = character;
      pos += 2;
      continue;
    }
    let code = hexCode(text, pos + 2, stringEnd);
    pos += 6;
    if (code >= 0xd800 && code <= 0xdfff) {
      const paired = code < 0xdc00 && text[pos] === BACKSLASH && text[pos + 1] === 0x75;
      const second = paired ? hexCode(text, pos + 2, stringEnd) : 0;
      if (second < 0xdc00 || second > 0xdfff) throw new JsonFault('a string holds half of a surrogate pair');
      code = 0x1_0000 + ((code - 0xd800) << 10) + (second - 0xdc00);
      pos += 6;
    }
    at = putCodePoint(out, at, code);
  }
  return at;
}

function hexCode(text: Uint8Array, start: number, end: number): number {
  let code = 0;
  for (let pos = start; pos < start + 4; pos += 1) {
    const byte = pos < end ? (text[pos] as number) : 0;
    const lower = byte | 0x20;
    let digit = -1;
    if (byte >= 0x30 && byte <= 0x39) digit = byte - 0x30;
    else if (lower >= 0x61 && lower <= 0x66) digit = lower - 0x57;
    if (digit < 0) throw new JsonFault('a string holds \\u without four hexadecimal digits');
    code = code * 16 + digit;
  }
  return code;
}

function putCodePoint(out: Uint8Array, start: number, code: number): number {
  let at = start;
  if (code < 0x80) out[at++] = code;
  else {
    if (code < 0x800) out[at++] = 0xc0 | (code >> 6);
    else {
      if (code < 0x1_0000) out[at++] = 0xe0 | (code >> 12);
      else {
        out[at++] = 0xf0 | (code >> 18);
        out[at++] = 0x80 | ((code >> 12) & 0x3f);
      }
      out[at++] = 0x80 | ((code >> 6) & 0x3f);
    }
    out[at++] = 0x80 | (code & 0x3f);
  }
  return at;
}

/**
 * Takes a number token and returns where it ends. Source: RFC 8259, section 6.
 */
export function takeNumber(parser: Parser): number {
  const text = parser.text;
  let pos = parser.pos;
  if (text[pos] === MINUS) pos += 1;
  const first = pos;
  pos = skipDigits(text, pos);
  if (pos === first || (pos - first > 1 && text[first] === 0x30)) throw unexpected(parser, 'a number');
  if (text[pos] === 0x2e) {
    const fraction = pos + 1;
    pos = skipDigits(text, fraction);
    if (pos === fraction) throw unexpected(parser, 'a number');
  }
  if (((text[pos] as number) | 0x20) === 0x65) {
    pos += 1;
    if (text[pos] === MINUS || text[pos] === 0x2b) pos += 1;
    const exponent = pos;
    pos = skipDigits(text, exponent);
    if (pos === exponent) throw unexpected(parser, 'a number');
  }
  parser.pos = pos;
  return pos;
}

function skipDigits(text: Uint8Array, start: number): number {
  let pos = start;
  while ((text[pos] as number) >= 0x30 && (text[pos] as number) <= 0x39) pos += 1;
  return pos;
}

/** Steps over a whole value, which must be well formed. */
export function skipValue(parser: Parser): void {
  switch (peek(parser)) {
    case QUOTE:
      takeString(parser);
      if (parser.stringEscaped) stringText(parser);
      return;
    case OPEN_BRACE:
      skipElements(parser, CLOSE_BRACE);
      return;
    case OPEN_BRACKET:
      skipElements(parser, CLOSE_BRACKET);
      return;
    case LETTER_N:
      takeNull(parser);
      return;
    default:
      if (takeBool(parser) === undefined) takeNumber(parser);
  }
}

/** Whether the string that was taken last is the key of google.protobuf.Any that names its type. */
export function isTypeKey(parser: Parser): boolean {
  if (parser.stringEscaped) return stringText(parser) === TYPE_KEY;
  return parser.stringEnd - parser.stringStart === TYPE_KEY.length && stringText(parser) === TYPE_KEY;
}

function skipElements(parser: Parser, end: number): void {
  const start = parser.pos;
  parser.enter();
  parser.pos += 1;
  if (peek(parser) === end) parser.pos += 1;
  else {
    do {
      if (end === CLOSE_BRACE) {
        if (peek(parser) !== QUOTE) throw unexpected(parser, 'a name in quotation marks');
        takeString(parser);
        const isType = isTypeKey(parser);
        take(parser, COLON, '":"');
        if (isType) {
          peek(parser);
          parser.typesSeen.set(start, parser.typesSeen.has(start) ? -1 : parser.pos);
        }
      }
      skipValue(parser);
    } while (takeComma(parser, end));
  }
  parser.depth -= 1;
}
