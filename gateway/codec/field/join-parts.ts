import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { varint, WireReader, WireType } from '../primitive/index.js';

/** The records of one field so far. */
interface Run {
  readonly field: DescField;
  /** Their places among the records of the message. */
  readonly at: number[];
  /** What they hold, without tag and length. */
  readonly values: Uint8Array[];
}

/**
 * The same message with each single message in it once, and of each oneof one member. Protobuf puts the parts of a message that comes in
 * several records together, so whatever is encoded may be put behind each other. protobufjs, which every service of
 * `@grpc/proto-loader` reads with, takes the last part for the whole. Groups stay as they are.
 * Source: https://protobuf.dev/programming-guides/encoding/#last-one-wins
 */
export function joinParts(type: DescMessage, wire: Uint8Array): Uint8Array {
  const fields = joinableFields(type);
  const records: Uint8Array[] = [];
  const runs = new Map<number, Run>();
  const reader = new WireReader(wire);
  let changed = false;
  for (;;) {
    const start = reader.position;
    if (!reader.next()) break;
    const field = fields.get(reader.fieldNumber);
    const value = reader.wireType === WireType.LEN ? reader.lengthDelimited() : undefined;
    if (value === undefined) reader.skip();
    if (field !== undefined) {
      for (const rival of field.oneof?.fields ?? []) {
        const replaced = rival === field ? undefined : runs.get(rival.number);
        if (replaced === undefined) continue;
        for (const at of replaced.at) records[at] = NOTHING;
        runs.delete(rival.number);
        changed = true;
      }
      const run = runs.get(field.number) ?? { field, at: [], values: [] };
      runs.set(field.number, run);
      run.at.push(records.length);
      run.values.push(value ?? NOTHING);
    }
    records.push(wire.subarray(start, reader.position));
  }
  for (const { field, at, values } of runs.values()) {
    if (at.length === 1 || !isPlainMessage(field)) continue;
    for (const each of at) records[each] = NOTHING;
    const joined = joinParts(field.message, Buffer.concat(values));
    const tag = varint(((field.number << 3) | WireType.LEN) >>> 0);
    records[at.at(-1) as number] = Buffer.concat([tag, varint(joined.length), joined]);
    changed = true;
  }
  return changed ? Buffer.concat(records) : wire;
}

const NOTHING = new Uint8Array(0);
const known = new WeakMap<DescMessage, ReadonlyMap<number, DescField>>();

function joinableFields(type: DescMessage): ReadonlyMap<number, DescField> {
  let fields = known.get(type);
  if (fields === undefined) {
    const joinable = type.fields.filter((field) => isPlainMessage(field) || field.oneof !== undefined);
    fields = new Map(joinable.map((field) => [field.number, field]));
    known.set(type, fields);
  }
  return fields;
}

function isPlainMessage(field: DescField): field is DescField & { fieldKind: 'message' } {
  return field.fieldKind === 'message' && !field.delimitedEncoding;
}
