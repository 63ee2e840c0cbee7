import type { FieldPlan, MessagePlan } from '../plan/index.js';
import { JsonFault, type Parser } from '../plan/index.js';
import { repeatedKey } from './parse-messages.js';
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  LETTER_N,
  OPEN_BRACE,
  OPEN_BRACKET,
  peek,
  QUOTE,
  stringText,
  take,
  takeComma,
  takeString,
  unexpected,
} from './tokens.js';

/** A field that occurs once. With implicit presence its zero is not written. */
export function parseSingular(parser: Parser, field: FieldPlan): void {
  const start = parser.at;
  parser.tag(field.tagBytes);
  const valueStart = parser.at;
  field.parseValue(parser, field);
  if (field.implicit && isZero(parser, valueStart)) parser.at = start;
}

/** Zero, false and empty consist of zero bytes; a negative zero does not. */
export function isZero(parser: Parser, start: number): boolean {
  const { out, at } = parser;
  for (let index = start; index < at; index += 1) {
    if (out[index] !== 0) return false;
  }
  return true;
}

export function nullItem(): JsonFault {
  return new JsonFault('null is not allowed within a list or map');
}

/** A repeated field: an array. */
export function parseList(parser: Parser, field: FieldPlan): void {
  if (peek(parser) !== OPEN_BRACKET) throw unexpected(parser, 'an array');
  parser.pos += 1;
  if (peek(parser) === CLOSE_BRACKET) {
    parser.pos += 1;
    return;
  }
  const { packed } = field;
  let start = 0;
  if (packed) {
    parser.tag(field.tagBytes);
    start = parser.open();
  }
  do {
    if (peek(parser) === LETTER_N && !field.takesNull) throw nullItem();
    if (packed) parser.room(0);
    else parser.tag(field.tagBytes);
    field.parseValue(parser, field);
  } while (takeComma(parser, CLOSE_BRACKET));
  if (packed) parser.close(start);
}

/** A map: an object. */
export function parseMap(parser: Parser, field: FieldPlan): void {
  if (peek(parser) !== OPEN_BRACE) throw unexpected(parser, 'an object');
  parser.pos += 1;
  if (peek(parser) === CLOSE_BRACE) {
    parser.pos += 1;
    return;
  }
  const entry = field.entry as MessagePlan;
  const key = entry.fields[0] as FieldPlan;
  const value = entry.fields[1] as FieldPlan;
  parser.keys.open();
  do {
    if (peek(parser) !== QUOTE) throw unexpected(parser, 'a key in quotation marks');
    const keyStart = parser.pos;
    parser.tag(field.tagBytes);
    let start = parser.open();
    parser.tag(key.tagBytes);
    key.parseValue(parser, key);
    const keyEnd = parser.pos;
    const keyLength = parser.at - start;
    take(parser, COLON, '":"');
    if (peek(parser) === LETTER_N && !value.takesNull) throw nullItem();
    parser.tag(value.tagBytes);
    value.parseValue(parser, value);
    const entryLength = parser.at - start;
    parser.close(start);
    start = parser.at - entryLength;
    // Compared as it was written: equal keys have equal bytes, however they were spelled.
    if (!parser.keys.addBytes(parser.out, start, keyLength)) {
      const name = parser.text.toString('utf8', keyStart + 1, keyEnd - 1);
      throw repeatedKey(parser, keyStart, name);
    }
  } while (takeComma(parser, CLOSE_BRACE));
  parser.keys.close();
}

/** The key of a map of booleans. */
export function parseBoolKey(parser: Parser): void {
  const start = parser.pos;
  takeString(parser);
  const text = stringText(parser);
  if (text !== 'true' && text !== 'false') {
    parser.pos = start;
    throw unexpected(parser, '"true" or "false"');
  }
  parser.out[parser.at] = text === 'true' ? 1 : 0;
  parser.at += 1;
}
