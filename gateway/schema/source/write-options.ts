import { ScalarType } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { FeatureSet_FieldPresence as Presence } from '@bufbuild/protobuf/wkt';
import type { DescriptorWriter } from './descriptor-writer.js';
import { type OptionItem, type OptionMember, OptionMessage, type OptionScalar } from './option-message.js';

const KEY = 1;
const VALUE = 2;

/** Writes the fields of a message that options make. */
export function writeOptionMessage(writer: DescriptorWriter, message: OptionMessage): void {
  for (const { member, value } of message.fields()) {
    if (Array.isArray(value)) writeList(writer, member, value);
    else if (value instanceof Map) writeMap(writer, member, value);
    else if (!isLeftOut(member, value)) writeItem(writer, member, value);
  }
}

function writeList(writer: DescriptorWriter, member: OptionMember, items: readonly OptionItem[]): void {
  if (member.fieldKind !== 'list' || !member.packed) {
    for (const item of items) writeItem(writer, member, item);
    return;
  }
  if (items.length === 0) return;
  const start = writer.begin(member.number);
  for (const item of items) writeScalar(writer, scalarOf(member), item as OptionScalar);
  writer.end(start);
}

function writeMap(
  writer: DescriptorWriter,
  member: OptionMember,
  entries: ReadonlyMap<OptionScalar, OptionItem>,
): void {
  if (member.fieldKind !== 'map') return;
  for (const [key, value] of entries) {
    const start = writer.begin(member.number);
    writer.tag(KEY, wireTypeOf(member.mapKey));
    writeScalar(writer, member.mapKey, key);
    if (value instanceof OptionMessage) {
      const inner = writer.begin(VALUE);
      writeOptionMessage(writer, value);
      writer.end(inner);
    } else {
      writer.tag(VALUE, wireTypeOf(scalarOf(member)));
      writeScalar(writer, scalarOf(member), value);
    }
    writer.end(start);
  }
}

/** Without presence a zero is no value. */
function isLeftOut(member: OptionMember, value: OptionItem): boolean {
  if (member.kind !== 'field' || member.presence !== Presence.IMPLICIT) return false;
  if (member.fieldKind === 'enum') return value === member.enum.values[0]?.number;
  if (value instanceof Uint8Array) return value.length === 0;
  return Object.is(value, 0) || value === 0n || value === '' || value === false;
}

function writeItem(writer: DescriptorWriter, member: OptionMember, value: OptionItem): void {
  if (!(value instanceof OptionMessage)) {
    const type = scalarOf(member);
    writer.tag(member.number, wireTypeOf(type));
    writeScalar(writer, type, value);
  } else if ('delimitedEncoding' in member && member.delimitedEncoding === true) {
    writer.tag(member.number, WireType.StartGroup);
    writeOptionMessage(writer, value);
    writer.tag(member.number, WireType.EndGroup);
  } else {
    const start = writer.begin(member.number);
    writeOptionMessage(writer, value);
    writer.end(start);
  }
}

/** An enum is written as its number. */
function scalarOf(member: OptionMember): ScalarType {
  return member.scalar ?? ScalarType.INT32;
}

function wireTypeOf(type: ScalarType): WireType {
  switch (type) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LengthDelimited;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.Bit32;
    default:
      return WireType.Varint;
  }
}

function writeScalar(writer: DescriptorWriter, type: ScalarType, value: OptionScalar): void {
  if (typeof value === 'string') writer.text(value);
  else if (typeof value === 'boolean') writer.varint(value ? 1 : 0);
  else if (value instanceof Uint8Array) {
    writer.varint(value.length);
    writer.raw(value);
  } else if (typeof value === 'number' && value >= 0 && isPlainVarint(type)) writer.varint(value);
  else writer.raw(numberBytes(type, value));
}

function isPlainVarint(type: ScalarType): boolean {
  return type === ScalarType.INT32 || type === ScalarType.UINT32;
}

function numberBytes(type: ScalarType, value: number | bigint): Uint8Array {
  const writer = new BinaryWriter();
  switch (type) {
    case ScalarType.DOUBLE:
      return writer.double(Number(value)).finish();
    case ScalarType.FLOAT:
      return writer.float(Number(value)).finish();
    case ScalarType.INT64:
      return writer.int64(value).finish();
    case ScalarType.UINT64:
      return writer.uint64(value).finish();
    case ScalarType.SINT64:
      return writer.sint64(value).finish();
    case ScalarType.FIXED64:
      return writer.fixed64(value).finish();
    case ScalarType.SFIXED64:
      return writer.sfixed64(value).finish();
    case ScalarType.UINT32:
      return writer.uint32(Number(value)).finish();
    case ScalarType.SINT32:
      return writer.sint32(Number(value)).finish();
    case ScalarType.FIXED32:
      return writer.fixed32(Number(value)).finish();
    case ScalarType.SFIXED32:
      return writer.sfixed32(Number(value)).finish();
    default:
      return writer.int32(Number(value)).finish();
  }
}
