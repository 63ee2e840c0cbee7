import type { FieldPlan, MessagePlan, ParseField } from '../plan/index.js';
import { isZero, nullItem } from './parse-fields.js';
import { parseObject } from './parse-messages.js';
import { peek, takeComma, unexpected } from './tokens.js';

/** Larger messages are interpreted: V8 does not optimise functions of any size. */
const MAX_GENERATED_FIELDS = 100;

/** What the code calls; all else it reaches through the fields of its plan. */
const RUNTIME = { isZero, nullItem, parseObject, peek, takeComma, unexpected };

/**
 * `parseMember` of one message type as code of its own: a `switch` over the fields, so that every field calls the functions of its
 * type directly and V8 can inline them. Each piece does what the function of the same name does in `fields.ts` and
 * `messages.ts`. As in `print/generated.ts` nothing but fixed pieces and integers gets into the code.
 */
export function generateParseMember(plan: MessagePlan): ParseField | undefined {
  if (plan.fields.length > MAX_GENERATED_FIELDS) return undefined;
  const code = `"use strict";
const { isZero, nullItem, parseObject, peek, takeComma, unexpected } = runtime;
${plan.fields.map((_, index) => fieldConstants(integer(index))).join('\n')}
return function (parser, field) {
  switch (field.rank) {
${plan.fields.map((field, index) => `case ${integer(index)}: { ${parseField(field, integer(index))} break; }`).join('\n')}
  }
};`;
  return new Function('fields', 'runtime', code)(plan.fields, RUNTIME) as ParseField;
}

function fieldConstants(i: string): string {
  return `const f${i} = fields[${i}], p${i} = f${i}.parseValue, w${i} = f${i}.parseField, m${i} = f${i}.message;`;
}

function parseField(field: FieldPlan, i: string): string {
  switch (field.arity) {
    case 'singular':
      return parseSingular(field, i);
    case 'list':
      return parseList(field, i);
    case 'map':
      return `w${i}(parser, f${i});`;
  }
}

function parseSingular(field: FieldPlan, i: string): string {
  if (!field.implicit) return `${writeTag(field)} ${parseValue(field, i)}`;
  return `const start = parser.at; ${writeTag(field)} const valueStart = parser.at; ${parseValue(field, i)}
    if (isZero(parser, valueStart)) parser.at = start;`;
}

function parseList(field: FieldPlan, i: string): string {
  const items = `do {
    ${field.takesNull ? 'peek(parser);' : 'if (peek(parser) === 0x6e) throw nullItem();'}
    ${field.packed ? 'parser.room(0);' : writeTag(field)}
    ${parseValue(field, i)}
  } while (takeComma(parser, 0x5d));`;
  return `if (peek(parser) !== 0x5b) throw unexpected(parser, 'an array');
  parser.pos += 1;
  if (peek(parser) === 0x5d) parser.pos += 1;
  else { ${field.packed ? `${writeTag(field)} const start = parser.open(); ${items} parser.close(start);` : items} }`;
}

function parseValue(field: FieldPlan, i: string): string {
  const { message } = field;
  if (message === undefined || field.endTagBytes.length > 0) return `p${i}(parser, f${i});`;
  const content = message.wellKnown ? `m${i}.parse(parser, m${i});` : `parseObject(parser, m${i}, false);`;
  return `{ const open = parser.open(); ${content} parser.close(open); }`;
}

function writeTag(field: FieldPlan): string {
  const stores = [...field.tagBytes].map(
    (byte, offset) => `out[at + ${integer(offset)}] = ${integer(byte)};`,
  );
  return `parser.room(0); { const out = parser.out, at = parser.at; ${stores.join(' ')} parser.at = at + ${integer(stores.length)}; }`;
}

/** The only way for a value of the plan into the code. */
function integer(value: number): string {
  if (!Number.isSafeInteger(value))
    throw new Error(`the plan of a message holds ${value}, which is no integer`);
  return String(value);
}
