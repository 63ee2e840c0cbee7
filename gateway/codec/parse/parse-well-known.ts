import type { FieldPlan, MessagePlan } from '../plan/index.js';
import { JsonFault, type Parser } from '../plan/index.js';
import { takeFiniteNumber } from './numbers.js';
import { parseObject, repeatedKey } from './parse-messages.js';
import { putDoubleBits } from './parse-scalars.js';
import { parseText } from './parse-text.js';
import {
  CLOSE_BRACE,
  COLON,
  COMMA,
  isTypeKey,
  LETTER_N,
  OPEN_BRACE,
  OPEN_BRACKET,
  peek,
  QUOTE,
  skipValue,
  stringText,
  TYPE_KEY,
  take,
  takeBool,
  takeComma,
  takeNull,
  takeString,
  unexpected,
} from './tokens.js';

const NULL_VALUE = Buffer.from([0x08, 0x00]);
const FALSE_VALUE = Buffer.from([0x20, 0x00]);
const TRUE_VALUE = Buffer.from([0x20, 0x01]);
const TYPE_URL_TAG = Buffer.from([0x0a]);
const VALUE_TAG = Buffer.from([0x12]);
const UNDERSCORE = 0x5f;
const DEFAULT_PREFIX = 'type.googleapis.com/';

/** A wrapper (google.protobuf.Int32Value and the like) is its value. */
export function parseWrapper(parser: Parser, plan: MessagePlan): void {
  const value = plan.fields[0] as FieldPlan;
  value.parseField(parser, value);
}

/** google.protobuf.Struct is an object, google.protobuf.ListValue an array: their only field. */
export function parseOnly(parser: Parser, plan: MessagePlan): void {
  const field = plan.fields[0] as FieldPlan;
  parser.enter();
  field.parseField(parser, field);
  parser.depth -= 1;
}

/** google.protobuf.Value is any value. */
export function parseDynamicValue(parser: Parser, plan: MessagePlan): void {
  const [, number, string, , struct, list] = plan.fields as FieldPlan[];
  switch (peek(parser)) {
    case LETTER_N:
      takeNull(parser);
      parser.tag(NULL_VALUE);
      return;
    case QUOTE:
      parser.tag((string as FieldPlan).tagBytes);
      parseText(parser);
      return;
    case OPEN_BRACE:
      parser.tag((struct as FieldPlan).tagBytes);
      (struct as FieldPlan).parseValue(parser, struct as FieldPlan);
      return;
    case OPEN_BRACKET:
      parser.tag((list as FieldPlan).tagBytes);
      (list as FieldPlan).parseValue(parser, list as FieldPlan);
      return;
    default: {
      const bool = takeBool(parser);
      if (bool !== undefined) {
        parser.tag(bool ? TRUE_VALUE : FALSE_VALUE);
        return;
      }
      parser.tag((number as FieldPlan).tagBytes);
      putDoubleBits(parser, takeFiniteNumber(parser));
    }
  }
}

/** google.protobuf.FieldMask is its paths in lowerCamelCase, with commas. */
export function parseFieldMask(parser: Parser, plan: MessagePlan): void {
  if (peek(parser) !== QUOTE) throw unexpected(parser, 'paths in a string');
  const start = parser.pos;
  takeString(parser);
  const text = stringText(parser);
  if (text.includes('_')) {
    parser.pos = start;
    throw new JsonFault('the paths of a FieldMask are in lowerCamelCase');
  }
  if (text === '') return;
  const field = plan.fields[0] as FieldPlan;
  const paths = Buffer.from(text);
  for (let start = 0; start <= paths.length; ) {
    const comma = paths.indexOf(COMMA, start);
    const end = comma === -1 ? paths.length : comma;
    parser.tag(field.tagBytes);
    // An underscore is put before each capital.
    parser.room(2 * (end - start) + 4);
    const valueStart = parser.open();
    putSnakePath(parser, paths, start, end);
    parser.close(valueStart);
    start = end + 1;
  }
}

function putSnakePath(parser: Parser, paths: Uint8Array, start: number, end: number): void {
  const { out } = parser;
  let at = parser.at;
  for (let pos = start; pos < end; pos += 1) {
    const byte = paths[pos] as number;
    const isCapital = byte >= 0x41 && byte <= 0x5a;
    if (isCapital) out[at++] = UNDERSCORE;
    out[at++] = isCapital ? byte | 0x20 : byte;
  }
  parser.at = at;
}

/** google.protobuf.Any is its message with "@type"; that of a well-known type stands under "value". */
export function parseAny(parser: Parser, plan: MessagePlan): void {
  if (peek(parser) !== OPEN_BRACE) throw unexpected(parser, 'an object with "@type"');
  parser.enter();
  const start = parser.pos;
  const typeUrl = findType(parser);
  if (typeUrl !== undefined) {
    parser.pos = start;
    const target = plan.resolve(typeUrl.slice(typeUrl.lastIndexOf('/') + 1));
    if (target === undefined)
      throw new JsonFault(`"@type" names ${typeUrl.slice(0, 200)}, which the schema does not know`);
    putBytes(
      parser,
      TYPE_URL_TAG,
      Buffer.from(typeUrl.includes('/') ? typeUrl : `${DEFAULT_PREFIX}${typeUrl}`),
    );
    const fieldStart = parser.at;
    parser.tag(VALUE_TAG);
    const valueStart = parser.open();
    if (target.wellKnown) parseContent(parser, target);
    else parseObject(parser, target, true);
    if (parser.at === valueStart) parser.at = fieldStart;
    else parser.close(valueStart);
  }
  parser.depth -= 1;
}

/** The "@type" of the object, which is stepped over for it if it has not been yet; undefined when the object is empty. */
function findType(parser: Parser): string | undefined {
  const start = parser.pos;
  const seen = parser.typesSeen.get(start) ?? -1;
  if (seen >= 0) {
    parser.pos = seen;
    return takeTypeUrl(parser, start);
  }
  parser.pos += 1;
  let typeUrl: string | undefined;
  if (peek(parser) === CLOSE_BRACE) {
    parser.pos += 1;
    return undefined;
  }
  do {
    if (peek(parser) !== QUOTE) throw unexpected(parser, 'a name in quotation marks');
    const keyStart = parser.pos;
    takeString(parser);
    const isType = isTypeKey(parser);
    take(parser, COLON, '":"');
    if (!isType) {
      skipValue(parser);
      continue;
    }
    if (typeUrl !== undefined) throw repeatedKey(parser, keyStart, TYPE_KEY);
    typeUrl = takeTypeUrl(parser, start);
  } while (takeComma(parser, CLOSE_BRACE));
  if (typeUrl === undefined) throw withoutType(parser, start);
  return typeUrl;
}

function takeTypeUrl(parser: Parser, start: number): string {
  if (peek(parser) !== QUOTE) throw unexpected(parser, 'a type in a string');
  takeString(parser);
  const typeUrl = stringText(parser);
  if (typeUrl === '' || typeUrl.endsWith('/')) throw withoutType(parser, start);
  return typeUrl;
}

function withoutType(parser: Parser, start: number): JsonFault {
  parser.pos = start;
  return new JsonFault('an Any needs the name of its type in "@type"');
}

/** The object of a well-known type within Any: "@type" and "value", nothing else. */
function parseContent(parser: Parser, target: MessagePlan): void {
  parser.pos += 1;
  let found = false;
  do {
    // That it is an object of keys and values, and that "@type" is there once, is known since the type was looked for.
    peek(parser);
    const keyStart = parser.pos;
    takeString(parser);
    const name = stringText(parser);
    take(parser, COLON, '":"');
    if (name === '@type') {
      skipValue(parser);
      continue;
    }
    if (name !== 'value' || found) {
      if (name === 'value') throw repeatedKey(parser, keyStart, name);
      parser.pos = keyStart;
      throw new JsonFault(`an Any that holds ${target.typeName} has "value" and not "${name.slice(0, 100)}"`);
    }
    found = true;
    target.parse(parser, target);
  } while (takeComma(parser, CLOSE_BRACE));
  if (!found) throw new JsonFault(`an Any that holds ${target.typeName} needs "value"`);
}

function putBytes(parser: Parser, tag: Uint8Array, bytes: Buffer): void {
  parser.tag(tag);
  parser.room(bytes.length + 4);
  const start = parser.open();
  bytes.copy(parser.out, parser.at);
  parser.at += bytes.length;
  parser.close(start);
}
