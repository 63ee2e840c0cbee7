import {
  type DescExtension,
  type DescField,
  type DescMessage,
  type FileRegistry,
  ScalarType,
} from '@bufbuild/protobuf';

/**
 * Whether bytes are free of what the oracle reads in a way of its own. A test compares with the oracle only what is strict; the rest
 * must not crash, and is shown by hand-written cases. The differences, and what protobuf says:
 *
 * - a known field with a wire type that is not its own: the oracle reads it as if it were; it is an unknown field;
 * - a nested message, entry or packed list that reaches beyond the message around it: the oracle goes on reading; the message is
 *   broken;
 * - a tag of more than five bytes or 32 bits, and a skipped number of more than ten bytes: broken;
 * - a string of proto2 that is not valid UTF-8: the oracle prints U+FFFD; JSON has no form for it;
 * - a number that a closed enum does not declare, in a list, a map or an extension: the oracle prints it, or a default; it is an
 *   unknown field;
 * - a google.protobuf.Value that holds nothing: within a Struct field the oracle prints null; it has no JSON form;
 * - a Duration whose nanos are out of range: the oracle fails or prints it; it has no JSON form.
 */
export function isStrictWire(
  type: DescMessage,
  registry: FileRegistry,
  bytes: Uint8Array,
  depth = 0,
): boolean {
  const fields = new Map<number, DescField | DescExtension>(
    type.fields.map((field) => [field.number, field]),
  );
  for (const desc of registry) {
    if (desc.kind === 'extension' && desc.extendee.typeName === type.typeName) fields.set(desc.number, desc);
  }
  if (depth > 90) return false;
  const cursor = new Cursor(bytes);
  let known = 0;
  let typeUrl = '';
  let content: Uint8Array = new Uint8Array(0);
  while (cursor.pos < bytes.length) {
    const tag = cursor.varint(5);
    if (tag === undefined || tag > 0xffffffffn || tag < 8n) return false;
    const field = fields.get(Number(tag >> 3n));
    const wireType = Number(tag & 7n);
    const value = cursor.value(wireType, tag >> 3n, 0);
    if (value === undefined) return false;
    if (field === undefined) continue;
    known += 1;
    if (type.typeName === 'google.protobuf.Any' && wireType === 2) {
      if (field.number === 1) typeUrl = Buffer.from(value).toString();
      else content = value;
    }
    if (type.typeName === 'google.protobuf.Duration' && field.number === 2) {
      if (Math.abs(Number(BigInt.asIntN(32, varintOf(value)))) > 999_999_999) return false;
    }
    if (!isStrictValue(field, wireType, value, registry, depth)) return false;
  }
  if (type.typeName === 'google.protobuf.Value' && known === 0) return false;
  if (typeUrl === '') return true;
  const target = registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf('/') + 1));
  return target === undefined || isStrictWire(target, registry, content, depth + 2);
}

function isStrictValue(
  field: DescField | DescExtension,
  wireType: number,
  value: Uint8Array,
  registry: FileRegistry,
  depth: number,
): boolean {
  if (field.fieldKind === 'map') return wireType === 2 && isStrictEntry(field, value, registry, depth);
  if (field.message !== undefined) {
    const own = field.delimitedEncoding ? 3 : 2;
    return wireType === own && isStrictWire(field.message, registry, value, depth + 1);
  }
  const scalar = field.enum !== undefined ? ScalarType.INT32 : (field.scalar as ScalarType);
  const own = wireTypeOf(scalar);
  if (wireType === 2 && own !== 2 && field.fieldKind === 'list') {
    const cursor = new Cursor(value);
    while (cursor.pos < value.length) {
      const item = cursor.value(own, 0n, 0);
      if (item === undefined || !isStrictNumber(field, item)) return false;
    }
    return true;
  }
  if (wireType !== own) return false;
  if (scalar === ScalarType.STRING) return Buffer.from(Buffer.from(value).toString()).equals(value);
  return isStrictNumber(field, value);
}

function isStrictEntry(
  field: DescField & { fieldKind: 'map' },
  bytes: Uint8Array,
  registry: FileRegistry,
  depth: number,
): boolean {
  const cursor = new Cursor(bytes);
  let hasValue = false;
  while (cursor.pos < bytes.length) {
    const tag = cursor.varint(5);
    if (tag === undefined || tag > 0xffffffffn || tag < 8n) return false;
    const wireType = Number(tag & 7n);
    const value = cursor.value(wireType, tag >> 3n, 0);
    if (value === undefined) return false;
    if (tag >> 3n === 1n) {
      if (wireType !== wireTypeOf(field.mapKey)) return false;
      if (wireType === 2 && !Buffer.from(Buffer.from(value).toString()).equals(value)) return false;
    }
    if (tag >> 3n !== 2n) continue;
    hasValue = true;
    if (field.message !== undefined) {
      if (wireType !== 2 || !isStrictWire(field.message, registry, value, depth + 1)) return false;
    } else {
      const scalar = field.enum !== undefined ? ScalarType.INT32 : (field.scalar as ScalarType);
      if (wireType !== wireTypeOf(scalar) || !isStrictNumber(field, value)) return false;
      if (scalar === ScalarType.STRING && !Buffer.from(Buffer.from(value).toString()).equals(value))
        return false;
    }
  }
  return hasValue || field.message?.typeName !== 'google.protobuf.Value';
}

function isStrictNumber(field: DescField | DescExtension, value: Uint8Array): boolean {
  if (field.enum === undefined || field.enum.open) return true;
  if (field.fieldKind === 'enum' && field.kind === 'field') return true;
  const number = Number(BigInt.asIntN(32, varintOf(value)));
  return field.enum.values.some((candidate) => candidate.number === number);
}

function varintOf(bytes: Uint8Array): bigint {
  return new Cursor(bytes).varint(10) ?? 0n;
}

function wireTypeOf(scalar: ScalarType): number {
  switch (scalar) {
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return 1;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return 5;
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return 2;
    default:
      return 0;
  }
}

/** A slow and plain reader, of its own so that it shares no mistake with the codec. */
class Cursor {
  readonly bytes: Uint8Array;
  pos = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  varint(most: number): bigint | undefined {
    let value = 0n;
    for (let index = 0; index < most; index += 1) {
      const byte = this.bytes[this.pos];
      if (byte === undefined) return undefined;
      this.pos += 1;
      value |= BigInt(byte & 0x7f) << BigInt(index * 7);
      if (byte < 0x80) return value;
    }
    return undefined;
  }

  /** The bytes of a value, without length or end tag. */
  value(wireType: number, group: bigint, depth: number): Uint8Array | undefined {
    let start = this.pos;
    if (wireType === 0) {
      if (this.varint(10) === undefined) return undefined;
    } else if (wireType === 1) this.pos += 8;
    else if (wireType === 5) this.pos += 4;
    else if (wireType === 2) {
      const length = this.varint(10);
      if (length === undefined || length > 0xffffffffn) return undefined;
      start = this.pos;
      this.pos += Number(length);
    } else if (wireType === 3 && depth < 90) {
      for (;;) {
        const end = this.pos;
        const tag = this.varint(5);
        if (tag === undefined || tag > 0xffffffffn || tag < 8n) return undefined;
        if ((tag & 7n) === 4n) return tag >> 3n === group ? this.bytes.subarray(start, end) : undefined;
        if (this.value(Number(tag & 7n), tag >> 3n, depth + 1) === undefined) return undefined;
      }
    } else return undefined;
    return this.pos > this.bytes.length ? undefined : this.bytes.subarray(start, this.pos);
  }
}
