import { type FieldPlan, fieldOfTag, type MessagePlan } from '../plan/index.js';
import { ByteWriter, varint, WireReader, WireType } from '../primitive/index.js';
import { checkRecord } from './check.js';
import { keyText, losesItsValue } from './map-entry.js';

/** The entries of one map that count. */
interface Entries {
  /** No key came twice, and each entry was in order. */
  readonly ordered: boolean;
  /** Each without tag and length, in order. */
  readonly values: () => Iterable<Uint8Array>;
}

/**
 * Where the records of one field lie, in numbers and not in objects, since a message may have millions of them: for each record where it
 * begins and ends, with its tag, and where its value does, without tag and length (of a group, without its end).
 */
interface Gathered {
  readonly field: FieldPlan;
  readonly spans: number[];
  /** Of a map. */
  entries: Entries | undefined;
}

const SPAN_SIZE = 4;

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
  const byRank: (Gathered | undefined)[] = [];
  const members: (FieldPlan | undefined)[] = [];
  const reader = new WireReader(message);
  let ordered = true;
  let interrupted = false;
  let lastRank = -1;
  for (;;) {
    const start = reader.position;
    if (!reader.next()) break;
    const field = fieldOfTag(plan, ((reader.fieldNumber << 3) | reader.wireType) >>> 0);
    const valueStart = skipValue(reader);
    if (field === undefined) {
      interrupted = true;
      if (isEntry) ordered = false;
      continue;
    }
    if (hasUnknownNumber(field, message, valueStart)) {
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
        drop(byRank[rival.rank], message);
      }
      members[field.oneof] = field;
    }
    const gathered = byRank[field.rank] ?? { field, spans: [], entries: undefined };
    byRank[field.rank] = gathered;
    gather(gathered, message, start, reader.position, valueStart, reader.valueEnd);
  }
  for (const gathered of byRank) {
    if (gathered?.field.arity !== 'map') continue;
    gathered.entries = arrangeEntries(gathered.field, message, valuesOf(gathered));
    if (!gathered.entries.ordered) ordered = false;
  }
  return ordered ? undefined : written(byRank, message);
}

/** Moves over a value and returns where it begins, behind its length if it has one. */
function skipValue(reader: WireReader): number {
  if (reader.wireType === WireType.LEN) return reader.skipLength();
  const start = reader.position;
  reader.skip();
  return start;
}

function gather(
  { field, spans }: Gathered,
  message: Uint8Array,
  start: number,
  end: number,
  valueStart: number,
  valueEnd: number,
): void {
  if (field.arity === 'list' && spans.at(1 - SPAN_SIZE) === start) {
    // One run of records.
    spans[spans.length + 1 - SPAN_SIZE] = end;
    return;
  }
  if (field.arity === 'singular' && field.message === undefined && spans.length > 0) {
    dropSpans(field, spans, message);
    spans.length = 0;
  }
  spans.push(start, end, valueStart, valueEnd);
}

/** Puts the entries of a map in order; `spans` says where their values lie in the message. */
function arrangeEntries(
  field: FieldPlan,
  message: Uint8Array,
  spans: Iterable<readonly [start: number, end: number]>,
): Entries {
  const entry = field.entry as MessagePlan;
  const byKey = new Map<string, Uint8Array>();
  let ordered = true;
  for (const [start, end] of spans) {
    const value = message.subarray(start, end);
    const arranged = arrange(entry, value, true);
    if (arranged !== undefined) ordered = false;
    // An entry whose value is unknown to a closed enum is unknown as a whole.
    if (losesItsValue(entry, value)) {
      ordered = false;
      continue;
    }
    const kept = arranged ?? value;
    const key = keyText(entry, kept);
    const replaced = byKey.get(key);
    if (replaced !== undefined) {
      ordered = false;
      checkRecord(field, replaced);
    }
    byKey.set(key, kept);
  }
  return { ordered, values: () => byKey.values() };
}

function* valuesOf({ spans }: Gathered): Generator<readonly [start: number, end: number]> {
  for (let at = 0; at < spans.length; at += SPAN_SIZE)
    yield [spans[at + 2] as number, spans[at + 3] as number];
}

function written(byRank: readonly (Gathered | undefined)[], message: Uint8Array): Buffer {
  const out = new ByteWriter(message.length);
  for (const gathered of byRank) {
    if (gathered === undefined || gathered.spans.length === 0) continue;
    const { field, spans, entries } = gathered;
    if (entries !== undefined) {
      for (const value of entries.values()) putRecord(out, field, value);
    } else if (field.arity === 'singular' && spans.length > SPAN_SIZE) {
      putRecord(out, field, joined(spans, message));
    } else {
      for (let at = 0; at < spans.length; at += SPAN_SIZE)
        out.bytes(message.subarray(spans[at], spans[at + 1]));
    }
  }
  return out.buffer.subarray(0, out.length);
}

/** The parts of a split message behind each other. */
function joined(spans: readonly number[], message: Uint8Array): Uint8Array {
  const out = new ByteWriter(message.length);
  for (let at = 0; at < spans.length; at += SPAN_SIZE)
    out.bytes(message.subarray(spans[at + 2], spans[at + 3]));
  return out.buffer.subarray(0, out.length);
}

/** A singular field of a closed enum, with a number that the enum does not declare: an unknown field. */
function hasUnknownNumber(field: FieldPlan, message: Uint8Array, valueStart: number): boolean {
  if (field.arity !== 'singular' || field.enumeration?.closed !== true) return false;
  const reader = new WireReader(message);
  reader.position = valueStart;
  reader.varint();
  return !field.enumeration.names.has(reader.low | 0);
}

function putRecord(out: ByteWriter, field: FieldPlan, value: Uint8Array): void {
  out.bytes(field.tagBytes);
  if (field.endTagBytes.length === 0) out.bytes(varint(value.length));
  out.bytes(value);
  out.bytes(field.endTagBytes);
}

/** What is replaced is not printed, but a message with a broken part is broken all the same. */
function drop(gathered: Gathered | undefined, message: Uint8Array): void {
  if (gathered === undefined) return;
  dropSpans(gathered.field, gathered.spans, message);
  gathered.spans.length = 0;
}

function dropSpans(field: FieldPlan, spans: readonly number[], message: Uint8Array): void {
  for (let at = 0; at < spans.length; at += SPAN_SIZE)
    checkRecord(field, message.subarray(spans[at + 2], spans[at + 3]));
}
