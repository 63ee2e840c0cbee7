import type { FieldPlan, KeyPlan, MessagePlan } from '../plan/index.js';
import { JsonFault, type Parser } from '../plan/index.js';
import { digestOf } from '../primitive/index.js';
import {
  CLOSE_BRACE,
  COLON,
  LETTER_N,
  OPEN_BRACE,
  peek,
  QUOTE,
  skipValue,
  stringText,
  TYPE_KEY,
  take,
  takeComma,
  takeNull,
  takeString,
  unexpected,
} from './tokens.js';

const MAX_SHOWN = 100;

/** Takes a JSON object and writes its fields. */
export function parseMessage(parser: Parser, plan: MessagePlan): void {
  parseObject(parser, plan, false);
}

/** The same; within google.protobuf.Any the key "@type" is stepped over. */
export function parseObject(parser: Parser, plan: MessagePlan, withinAny: boolean): void {
  if (peek(parser) !== OPEN_BRACE) throw unexpected(parser, 'an object');
  parser.enter();
  parser.pos += 1;
  const marks = parser.openMarks(plan);
  let required = 0;
  let typed = false;
  let before = plan.start;
  if (peek(parser) === CLOSE_BRACE) parser.pos += 1;
  else {
    do {
      if (peek(parser) !== QUOTE) throw unexpected(parser, 'a name in quotation marks');
      const keyStart = parser.pos;
      const field = takeKey(parser, plan, before);
      if (field === undefined) {
        const name = stringText(parser);
        if (!withinAny || name !== TYPE_KEY) throw unknownKey(parser, keyStart, plan, name);
        if (typed) throw repeatedKey(parser, keyStart, name);
        typed = true;
        take(parser, COLON, '":"');
        skipValue(parser);
        continue;
      }
      before = field;
      if (parser.marks[marks + field.rank] !== 0) throw repeatedKey(parser, keyStart, field.jsonName);
      parser.marks[marks + field.rank] = 1;
      take(parser, COLON, '":"');
      if (peek(parser) === LETTER_N && !(field.takesNull && field.arity === 'singular')) {
        // null is the same as leaving the field out.
        takeNull(parser);
        continue;
      }
      if (field.oneof >= 0)
        markOneof(parser, marks + plan.fields.length + field.oneof, keyStart, plan, field);
      required += field.required;
      plan.parseMember(parser, field);
    } while (takeComma(parser, CLOSE_BRACE));
  }
  if (required !== plan.required) throw missingRequired(parser, plan, marks);
  parser.markTop = marks;
  parser.depth -= 1;
}

/** Takes a key, whose quotation mark is next. The guess is that it follows the same key as the last time. */
function takeKey(parser: Parser, plan: MessagePlan, before: FieldPlan): FieldPlan | undefined {
  const guess = before.nextKey;
  if (guess !== undefined) {
    const text = parser.text;
    const pos = parser.pos;
    const quoted = guess.quoted;
    const length = quoted.length;
    let index = 1;
    while (index < length && text[pos + index] === quoted[index]) index += 1;
    if (index === length) {
      parser.pos = pos + length;
      return guess.field;
    }
  }
  takeString(parser);
  const key = findKey(parser, plan);
  if (key === undefined) return undefined;
  before.nextKey = key;
  return key.field;
}

/** The key of the string that was taken last. */
function findKey(parser: Parser, plan: MessagePlan): KeyPlan | undefined {
  if (!parser.stringEscaped) {
    const { text, stringStart } = parser;
    const length = parser.stringEnd - stringStart;
    const found = plan.byDigest.get(digestOf(text, stringStart, length));
    if (found !== undefined && found.quoted.length === length + 2) {
      let index = 0;
      while (index < length && text[stringStart + index] === found.quoted[index + 1]) index += 1;
      if (index === length) return found;
    }
  }
  return plan.byKey.get(stringText(parser));
}

/** Takes the value of a field of the message: what generated code does with a `switch`. */
export function parseMember(parser: Parser, field: FieldPlan): void {
  field.parseField(parser, field);
}

/** Takes a JSON value that is one field of a message, and writes that field. null is the same as leaving it out. */
export function parseSingleField(parser: Parser, plan: MessagePlan, field: FieldPlan): void {
  if (peek(parser) === LETTER_N && !(field.takesNull && field.arity === 'singular')) takeNull(parser);
  else plan.parseMember(parser, field);
}

function markOneof(
  parser: Parser,
  mark: number,
  keyStart: number,
  plan: MessagePlan,
  field: FieldPlan,
): void {
  if (parser.marks[mark] !== 0) {
    parser.pos = keyStart;
    throw new JsonFault(
      `"${field.jsonName}" is the second member of the oneof "${plan.oneofs[field.oneof]}": leave one out`,
    );
  }
  parser.marks[mark] = 1;
}

function unknownKey(parser: Parser, keyStart: number, plan: MessagePlan, name: string): JsonFault {
  parser.pos = keyStart;
  return new JsonFault(`${plan.typeName} has no field "${name.slice(0, MAX_SHOWN)}"`);
}

export function repeatedKey(parser: Parser, keyStart: number, name: string): JsonFault {
  parser.pos = keyStart;
  return new JsonFault(`"${name.slice(0, MAX_SHOWN)}" is there twice`);
}

function missingRequired(parser: Parser, plan: MessagePlan, marks: number): JsonFault {
  // A required field that is null counts as missing, although it is marked.
  const missing = plan.fields.find((field, rank) => field.required === 1 && parser.marks[marks + rank] === 0);
  return new JsonFault(`the field "${missing?.jsonName ?? 'that is null'}" of ${plan.typeName} is required`);
}

/** Takes a message field's value and writes it, with its length. */
export function parseNested(parser: Parser, field: FieldPlan): void {
  const plan = field.message as MessagePlan;
  const start = parser.open();
  plan.parse(parser, plan);
  parser.close(start);
}

/** The same for a group. */
export function parseGroup(parser: Parser, field: FieldPlan): void {
  const plan = field.message as MessagePlan;
  plan.parse(parser, plan);
  parser.tag(field.endTagBytes);
}
