import { ScalarType } from '@bufbuild/protobuf';
import type { FieldPlan, MessagePlan, PrintMessage } from '../plan/index.js';
import { DISORDER } from '../plan/index.js';
import { closeObject, missingRequired, printArranged } from './print-messages.js';
import { readLength, readTag, skip } from './wire-values.js';

/** Larger messages are interpreted: V8 does not optimise functions of any size. */
const MAX_GENERATED_FIELDS = 100;
/** Longer names are copied in a loop. */
const MAX_UNROLLED_NAME = 32;

/** What the code calls; all else it reaches through the fields of its plan. */
const RUNTIME = { readTag, readLength, skip, closeObject, missingRequired, printArranged, DISORDER };

/**
 * `printFields` of one message type as code of its own: a `switch` over the tags in place of the table, so that every field calls
 * the functions of its type directly and V8 can inline them. Each piece does what the function of the same name does in
 * `messages.ts` and `fields.ts`. Undefined for messages that are better interpreted.
 *
 * No text of a schema gets into the code. It consists of the fixed pieces below and of integers (tags, ranks, bits, the bytes
 * of names); everything else is reached by its place in the plan's own tables, which are passed in.
 */
export function generatePrintFields(plan: MessagePlan): PrintMessage | undefined {
  if (plan.fields.length > MAX_GENERATED_FIELDS) return undefined;
  const code = `"use strict";
const { readTag, readLength, skip, closeObject, missingRequired, printArranged, DISORDER } = runtime;
${plan.fields.map(fieldConstants).join('\n')}
return function (printer, plan) {
  const end = printer.end;
  let rank = -1, oneofs = 0, required = 0;
  while (printer.pos < end) {
    let tag = printer.bytes[printer.pos];
    if (tag > 7 && tag < 128) printer.pos += 1; else tag = readTag(printer);
    switch (tag) {
${plan.fields.map(fieldCase).join('\n')}
      default: skip(printer, tag);
    }
  }
  if (required !== ${integer(plan.required)}) throw missingRequired(plan);
};`;
  return new Function('fields', 'runtime', code)(plan.fields, RUNTIME) as PrintMessage;
}

/** The parts of a field under short names: `f` the field, `r` reads, `p` prints; of a map `k` and `v` its key and value. */
function fieldConstants(field: FieldPlan, index: number): string {
  const i = integer(index);
  if (field.arity !== 'map') return valueConstants(i, `fields[${i}]`);
  return `const f${i} = fields[${i}];
${valueConstants(`${i}k`, `f${i}.entry.fields[0]`)}
${valueConstants(`${i}v`, `f${i}.entry.fields[1]`)}`;
}

function valueConstants(id: string, field: string): string {
  return `const f${id} = ${field}, r${id} = f${id}.readValue, p${id} = f${id}.printValue, m${id} = f${id}.message;`;
}

function fieldCase(field: FieldPlan, index: number): string {
  const i = integer(index);
  const bit = integer(field.oneofBit);
  const packedCase = field.packedTag === 0 ? '' : ` case ${integer(field.packedTag)}:`;
  return `case ${integer(field.tag)}:${packedCase} {
  if (rank >= ${i} || (oneofs & ${bit}) !== 0) throw DISORDER;
  rank = ${i};
  ${field.oneofBit === 0 ? '' : `oneofs |= ${bit};`}
  ${field.required === 0 ? '' : 'required += 1;'}
  ${printField(field, i)}
  break;
}`;
}

function printField(field: FieldPlan, i: string): string {
  switch (field.arity) {
    case 'singular':
      return printSingular(field, i);
    case 'list':
      return printList(field, i);
    case 'map':
      return printMap(field, i);
  }
}

function printSingular(field: FieldPlan, i: string): string {
  const print = `${printName(field, i)} ${printValue(field, i)}`;
  return `r${i}(printer, f${i}); ${field.implicit ? `if ((printer.low | printer.high) !== 0) { ${print} }` : print}`;
}

function printList(field: FieldPlan, i: string): string {
  const known = field.leavesOutUnknown ? `if (f${i}.enumeration.names.has(printer.low))` : '';
  const item = `r${i}(printer, f${i}); ${known} { printer.room(0); ${printValue(field, i)} printer.byte(0x2c); }`;
  const packed = `readLength(printer);
    const packedEnd = printer.pos + printer.low;
    printer.end = packedEnd;
    while (printer.pos < packedEnd) { ${item} }
    printer.end = end;`;
  return `const start = printer.at;
  ${printName(field, i)}
  printer.byte(0x5b);
  const first = printer.at;
  for (;;) {
    ${field.packedTag === 0 ? item : `if (tag === ${integer(field.tag)}) { ${item} } else { ${packed} }`}
    ${nextOfSame(field)}
  }
  if (printer.at === first) printer.at = start; else printer.out[printer.at - 1] = 0x5d;`;
}

function printMap(field: FieldPlan, i: string): string {
  const [key, value] = (field.entry as MessagePlan).fields as [FieldPlan, FieldPlan];
  const add =
    key.scalar === ScalarType.STRING
      ? 'addBytes(printer.bytes, printer.pos, printer.low)'
      : 'addNumber(printer.low, printer.high)';
  return `${printName(field, i)}
  printer.byte(0x7b);
  printer.keys.open();
  for (;;) {
    readLength(printer);
    const entryEnd = printer.pos + printer.low;
    printer.end = entryEnd;
    let next = printer.pos < entryEnd ? readTag(printer) : 0;
    if (next === ${integer(key.tag)}) r${i}k(printer, f${i}k); else { printer.low = 0; printer.high = 0; }
    if (!printer.keys.${add}) throw DISORDER;
    printer.room(0);
    p${i}k(printer, f${i}k);
    if (next === ${integer(key.tag)}) next = printer.pos < entryEnd ? readTag(printer) : 0;
    printer.byte(0x3a);
    if (next === ${integer(value.tag)}) r${i}v(printer, f${i}v);
    else if (next === 0) { printer.low = ${integer(value.zero)}; printer.high = 0; }
    else throw DISORDER;
    ${printValue(value, `${i}v`)}
    if (printer.pos !== entryEnd) throw DISORDER;
    printer.byte(0x2c);
    printer.end = end;
    ${nextOfSame(field)}
  }
  printer.keys.close();
  printer.out[printer.at - 1] = 0x7d;`;
}

/** Goes on with the next record of the same field, or leaves the loop. */
function nextOfSame(field: FieldPlan): string {
  const other = field.packedTag === 0 ? '' : ` && tag !== ${integer(field.packedTag)}`;
  return `if (printer.pos >= end) break;
    const before = printer.pos;
    tag = readTag(printer);
    if (tag !== ${integer(field.tag)}${other}) { printer.pos = before; break; }`;
}

function printValue(field: FieldPlan, id: string): string {
  const { message } = field;
  if (message === undefined) return `p${id}(printer, f${id});`;
  const ordinary = `const open = printer.at; m${id}.printFields(printer, m${id}); closeObject(printer, open);`;
  return `{
    const outer = printer.enter();
    if (printer.checked) printArranged(printer, m${id}, m${id}.print);
    else { ${message.wellKnown ? `m${id}.print(printer, m${id});` : ordinary} }
    printer.leave(outer);
    ${field.endTagBytes.length > 0 ? 'readTag(printer);' : ''}
  }`;
}

function printName(field: FieldPlan, i: string): string {
  const { nameBytes } = field;
  if (nameBytes.length > MAX_UNROLLED_NAME) return `printer.copy(f${i}.nameBytes);`;
  const stores = [...nameBytes].map((byte, offset) => `out[at + ${integer(offset)}] = ${integer(byte)};`);
  const length = integer(nameBytes.length);
  return `printer.room(${length}); { const out = printer.out, at = printer.at; ${stores.join(' ')} printer.at = at + ${length}; }`;
}

/** The only way for a value of the plan into the code. */
function integer(value: number): string {
  if (!Number.isSafeInteger(value))
    throw new Error(`the plan of a message holds ${value}, which is no integer`);
  return String(value);
}
