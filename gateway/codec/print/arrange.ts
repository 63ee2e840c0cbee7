import { ScalarType } from '@bufbuild/protobuf';
import { type FieldPlan, fieldOfTag, type MessagePlan } from '../plan.js';
import { WireReader, WireType } from '../wire-reader.js';
import { checkRecord } from './check.js';

/** One record of a message. */
interface Occurrence {
  readonly field: FieldPlan;
  /** With its tag. */
  readonly record: Uint8Array;
  /** Without tag and length; of a group, without its end. */
  readonly value: Uint8Array;
}

/**
 * The message with one record for each singular field, in the order of printing, as if its sender had been tidy:
 *
 * - the last scalar counts, and so does the last member of a oneof;
 * - the parts of a split message are put behind each other, which is how protobuf defines their merging;
 * - the last entry of a map key counts, in the place of the first;
 * - unknown fields and unknown numbers of closed enums are left out.
 *
 * Undefined when it already is like that. Only the message itself is put in order, not what is nested in it. The entry of
 * a map is also not in order when it holds an unknown field.
 * Source: https://protobuf.dev/programming-guides/encoding/#last-one-wins
 */
export function arrange(plan: MessagePlan, message: Uint8Array, isEntry = false): Buffer | undefined {
  const byRank: Occurrence[][] = [];
  const members: (FieldPlan | undefined)[] = [];
  const reader = new WireReader(message);
  let ordered = true;
  let interrupted = false;
  let lastRank = -1;
  for (;;) {
    const start = reader.position;
    if (!reader.next()) break;
    const field = fieldOfTag(plan, ((reader.fieldNumber << 3) | reader.wireType) >>> 0);
    const valueStart = reader.position;
    reader.skip();
    if (field === undefined) {
      interrupted = true;
      if (isEntry) ordered = false;
      continue;
    }
    const occurrence = occurrenceOf(field, message, start, valueStart, reader);
    if (hasUnknownNumber(occurrence)) {
      ordered = false;
      continue;
    }
    // The records of a list or map must follow each other, without an unknown field between them.
    if (field.rank < lastRank || (field.rank === lastRank && (field.arity === 'singular' || interrupted))) {
      ordered = false;
    }
    lastRank = field.rank;
    interrupted = false;
    if (field.oneof >= 0) {
      const rival = members[field.oneof];
      if (rival !== undefined && rival !== field) {
        ordered = false;
        drop(byRank[rival.rank] ?? []);
        byRank[rival.rank] = [];
      }
      members[field.oneof] = field;
    }
    const occurrences = byRank[field.rank];
    if (occurrences === undefined) byRank[field.rank] = [occurrence];
    else occurrences.push(occurrence);
  }
  const parts: Uint8Array[] = [];
  for (const occurrences of byRank) {
    const field = occurrences?.[0]?.field;
    if (field === undefined || occurrences === undefined) continue;
    if (field.arity === 'map') ordered = arrangeMap(occurrences, parts) && ordered;
    else if (field.arity === 'list') parts.push(...occurrences.map((occurrence) => occurrence.record));
    else arrangeSingular(occurrences, parts);
  }
  return ordered ? undefined : Buffer.concat(parts);
}

function occurrenceOf(
  field: FieldPlan,
  message: Uint8Array,
  start: number,
  valueStart: number,
  reader: WireReader,
): Occurrence {
  const record = message.subarray(start, reader.position);
  if (reader.wireType === WireType.LEN) {
    const inner = new WireReader(message.subarray(valueStart, reader.position));
    return { field, record, value: inner.lengthDelimited() };
  }
  return { field, record, value: message.subarray(valueStart, reader.valueEnd) };
}

function arrangeSingular(occurrences: Occurrence[], parts: Uint8Array[]): void {
  const last = occurrences[occurrences.length - 1] as Occurrence;
  if (occurrences.length === 1 || last.field.message === undefined) {
    drop(occurrences.slice(0, -1));
    parts.push(last.record);
    return;
  }
  parts.push(record(last.field, Buffer.concat(occurrences.map((occurrence) => occurrence.value))));
}

/** False when a key came twice, or when an entry was not in order. */
function arrangeMap(occurrences: Occurrence[], parts: Uint8Array[]): boolean {
  const byKey = new Map<string, Occurrence>();
  let ordered = true;
  for (const occurrence of occurrences) {
    const { field } = occurrence;
    const entry = field.entry as MessagePlan;
    const arranged = arrange(entry, occurrence.value, true);
    if (arranged !== undefined) ordered = false;
    const kept =
      arranged === undefined ? occurrence : { field, record: record(field, arranged), value: arranged };
    // An entry whose value is unknown to a closed enum is unknown as a whole.
    if (losesItsValue(entry, occurrence.value)) {
      ordered = false;
      continue;
    }
    const key = keyText(entry, kept.value);
    const replaced = byKey.get(key);
    if (replaced !== undefined) {
      ordered = false;
      drop([replaced]);
    }
    byKey.set(key, kept);
  }
  for (const occurrence of byKey.values()) parts.push(occurrence.record);
  return ordered;
}

/** The key of an entry that is in order, so that equal keys have equal texts. */
function keyText(entry: MessagePlan, value: Uint8Array): string {
  const key = entry.fields[0] as FieldPlan;
  const reader = new WireReader(value);
  while (reader.next()) {
    if (((reader.fieldNumber << 3) | reader.wireType) >>> 0 !== key.tag) {
      reader.skip();
      continue;
    }
    if (reader.wireType === WireType.LEN) return Buffer.from(reader.lengthDelimited()).toString('latin1');
    if (reader.wireType !== WireType.VARINT) {
      const start = reader.position;
      reader.skip();
      return Buffer.from(value.subarray(start, reader.position)).toString('latin1');
    }
    reader.varint();
    return varintKey(key, reader.low, reader.high);
  }
  return key.scalar === ScalarType.STRING ? '' : defaultKey(key);
}

function varintKey(key: FieldPlan, low: number, high: number): string {
  switch (key.scalar) {
    case ScalarType.BOOL:
      return low === 0 && high === 0 ? '0,0' : '1,0';
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
      return `${low},${high}`;
    default:
      return `${low},0`;
  }
}

function defaultKey(key: FieldPlan): string {
  if ((key.tag & 7) === WireType.VARINT) return '0,0';
  return '\0'.repeat((key.tag & 7) === WireType.FIXED32 ? 4 : 8);
}

/** The last value of an entry is a number that its closed enum does not declare. */
function losesItsValue(entry: MessagePlan, bytes: Uint8Array): boolean {
  const value = entry.fields[1] as FieldPlan;
  if (value.enumeration?.closed !== true) return false;
  const reader = new WireReader(bytes);
  let lost = false;
  while (reader.next()) {
    reader.skip();
    if (reader.fieldNumber === 2 && reader.wireType === WireType.VARINT) {
      lost = !value.enumeration.names.has(reader.low | 0);
    }
  }
  return lost;
}

/** A singular field of a closed enum, with a number that the enum does not declare: an unknown field. */
function hasUnknownNumber({ field, value }: Occurrence): boolean {
  if (field.arity !== 'singular' || field.enumeration?.closed !== true) return false;
  const reader = new WireReader(value);
  reader.varint();
  return !field.enumeration.names.has(reader.low | 0);
}

function record(field: FieldPlan, value: Uint8Array): Buffer {
  if (field.endTagBytes.length > 0) return Buffer.concat([field.tagBytes, value, field.endTagBytes]);
  const length: number[] = [];
  let rest = value.length;
  for (; rest > 0x7f; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
  length.push(rest);
  return Buffer.concat([field.tagBytes, Uint8Array.from(length), value]);
}

/** What is replaced is not printed, but a message with a broken part is broken all the same. */
function drop(occurrences: readonly Occurrence[]): void {
  for (const { field, value } of occurrences) checkRecord(field, value);
}
