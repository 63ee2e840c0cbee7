import {
  type DescExtension,
  type DescField,
  type DescMessage,
  type FileRegistry,
  ScalarType,
} from '@bufbuild/protobuf';
import type { Random } from './random.js';

const MAX_DEPTH = 3;
const VALUE = 'google.protobuf.Value';

interface Contents {
  readonly messages: DescMessage[];
  readonly extensions: DescExtension[];
}

const known = new WeakMap<FileRegistry, Contents>();

/** The types of a registry, gathered once. */
function contents(registry: FileRegistry): Contents {
  let found = known.get(registry);
  if (found === undefined) {
    found = { messages: [], extensions: [] };
    for (const desc of registry) {
      if (desc.kind === 'message') found.messages.push(desc);
      else if (desc.kind === 'extension') found.extensions.push(desc);
    }
    known.set(registry, found);
  }
  return found;
}

/** How untidy a message is: 0 as a serializer writes it, 1 with records out of order, twice, split and unknown. */
export interface Untidy {
  readonly untidy: boolean;
}

/** Random wire bytes of a message. Its well-known types hold values that JSON has a form for, mostly. */
export function randomWire(
  random: Random,
  type: DescMessage,
  registry: FileRegistry,
  how: Untidy,
  depth = 0,
): Buffer {
  const special = wellKnown(random, type, registry, how, depth);
  if (special !== undefined) return special;
  const extensions = contents(registry).extensions.filter((desc) => desc.extendee.typeName === type.typeName);
  const fields = [...type.fields].sort((left, right) => left.number - right.number);
  let records: Buffer[] = [];
  const oneofs = new Set<unknown>();
  for (const field of [...fields, ...extensions]) {
    const required = field.presence === 3;
    if (!required && random.once(3)) continue;
    if (field.oneof !== undefined) {
      if (oneofs.has(field.oneof) && !how.untidy) continue;
      oneofs.add(field.oneof);
    }
    if (depth >= MAX_DEPTH && field.message !== undefined && !required) continue;
    if (depth > MAX_DEPTH + 6) continue;
    const times = how.untidy && random.once(3) ? 2 : 1;
    for (let time = 0; time < times; time += 1)
      records.push(...fieldRecords(random, field, registry, how, depth));
  }
  if (how.untidy) {
    if (random.once(2)) records = random.shuffle(records);
    if (random.once(4)) records.push(unknownRecord(random));
  }
  return Buffer.concat(records);
}

function fieldRecords(
  random: Random,
  field: DescField | DescExtension,
  registry: FileRegistry,
  how: Untidy,
  depth: number,
): Buffer[] {
  if (field.fieldKind === 'map') {
    const records: Buffer[] = [];
    const keys = new Set<string>();
    for (let count = random.below(4); count > 0; count -= 1) {
      const key = scalarValue(random, field.mapKey, true);
      const name = key.toString('hex');
      if (keys.has(name) && !how.untidy) continue;
      keys.add(name);
      let parts = [
        Buffer.concat([tag(1, wireType(field.mapKey)), key]),
        valueRecord(random, field, 2, registry, how, depth),
      ];
      if (how.untidy && random.once(4)) parts = random.shuffle(parts);
      // A google.protobuf.Value must not be absent: see the written differences.
      if (how.untidy && random.once(6) && field.message?.typeName !== VALUE) parts.pop();
      if (how.untidy && random.once(8)) parts.push(unknownRecord(random));
      records.push(lengthDelimited(field.number, Buffer.concat(parts)));
    }
    return records;
  }
  if (field.fieldKind !== 'list') return [valueRecord(random, field, field.number, registry, how, depth)];
  const count = random.below(4);
  const packable =
    field.listKind !== 'message' && field.scalar !== ScalarType.STRING && field.scalar !== ScalarType.BYTES;
  const packed = packable && (how.untidy ? random.once(2) : field.packed);
  if (packed) {
    const values = Array.from({ length: count }, () => value(random, field, registry, how, depth));
    return count === 0 && !how.untidy ? [] : [lengthDelimited(field.number, Buffer.concat(values))];
  }
  return Array.from({ length: count }, () => valueRecord(random, field, field.number, registry, how, depth));
}

function valueRecord(
  random: Random,
  field: DescField | DescExtension,
  number: number,
  registry: FileRegistry,
  how: Untidy,
  depth: number,
): Buffer {
  const content = value(random, field, registry, how, depth);
  if (field.message !== undefined) {
    const delimited = field.fieldKind !== 'map' && field.delimitedEncoding === true;
    if (delimited) return Buffer.concat([tag(number, 3), content, tag(number, 4)]);
    return lengthDelimited(number, content);
  }
  const type = field.enum !== undefined ? 0 : wireType(field.scalar as ScalarType);
  return Buffer.concat([tag(number, type), content]);
}

function value(
  random: Random,
  field: DescField | DescExtension,
  registry: FileRegistry,
  how: Untidy,
  depth: number,
): Buffer {
  if (field.message !== undefined) return randomWire(random, field.message, registry, how, depth + 1);
  if (field.enum !== undefined) {
    const known = random.pick(field.enum.values).number;
    // Lists, maps and extensions of closed enums: see the written differences.
    const tolerant = field.enum.open || (field.fieldKind === 'enum' && field.kind === 'field');
    return varint(BigInt(tolerant && random.once(5) ? random.bits() | 0 : known));
  }
  return scalarValue(random, field.scalar as ScalarType, false);
}

export function scalarValue(random: Random, scalar: ScalarType, isKey: boolean): Buffer {
  switch (scalar) {
    case ScalarType.DOUBLE: {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(randomDouble(random));
      return bytes;
    }
    case ScalarType.FLOAT: {
      const bytes = Buffer.alloc(4);
      if (random.once(3)) bytes.writeUInt32LE(random.bits());
      else
        bytes.writeFloatLE(random.pick([0, -0, 1, 0.1, -1.5, 3.14, 16777216, 1e-45, 3.4028234663852886e38]));
      return bytes;
    }
    case ScalarType.BOOL:
      return random.once(8) ? Buffer.from([0x80, 0x80, 0x01]) : Buffer.from([random.below(2)]);
    case ScalarType.STRING: {
      const text = Buffer.from(randomText(random, isKey));
      return Buffer.concat([varint(BigInt(text.length)), text]);
    }
    case ScalarType.BYTES: {
      const bytes = Buffer.from(
        Array.from({ length: random.below(random.once(9) ? 400 : 7) }, () => random.below(256)),
      );
      return Buffer.concat([varint(BigInt(bytes.length)), bytes]);
    }
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32: {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32LE(Number(BigInt.asIntN(32, randomInteger(random))));
      return bytes;
    }
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64: {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt.asIntN(64, randomInteger(random)));
      return bytes;
    }
    case ScalarType.INT32:
      return varint(BigInt.asIntN(random.once(9) ? 64 : 32, randomInteger(random)));
    case ScalarType.UINT32:
    case ScalarType.SINT32:
      return varint(BigInt.asUintN(32, randomInteger(random)));
    default:
      return varint(randomInteger(random));
  }
}

export function randomDouble(random: Random): number {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(random.bits(), 0);
  bytes.writeUInt32LE(random.bits(), 4);
  const anything = bytes.readDoubleLE();
  return random.pick([
    0,
    -0,
    1,
    -1,
    0.1,
    random.below(1_000_000) / 100,
    -random.below(1_000_000_000) / 10_000,
    random.bits() / 1e9,
    random.bits() * 1e6,
    1e21,
    1e-7,
    5e-324,
    1.7976931348623157e308,
    Number.MAX_SAFE_INTEGER,
    2 ** 53,
    anything,
    Number.isNaN(anything) ? Number.NaN : Number.POSITIVE_INFINITY,
  ]);
}

function randomInteger(random: Random): bigint {
  const wide = (BigInt(random.bits()) << 32n) | BigInt(random.bits());
  return random.pick([
    0n,
    1n,
    -1n,
    BigInt(random.below(128)),
    BigInt(random.below(100_000)),
    BigInt(random.bits()),
    2147483647n,
    -2147483648n,
    2147483648n,
    9007199254740991n,
    9007199254740993n,
    9223372036854775807n,
    -9223372036854775808n,
    999999999n,
    1000000000n,
    wide,
    wide >> BigInt(random.below(64)),
  ]);
}

export function randomText(random: Random, isKey: boolean): string {
  const pieces = [
    'a',
    'Z',
    '0',
    ' ',
    '"',
    '\\',
    '/',
    '\n',
    '\u0000',
    '\u001f',
    '\u007f',
    'é',
    '߿',
    'ࠀ',
    '\u2028',
    '\uffff',
    '\ufeff',
    '日',
    '😀',
    '\u{10ffff}',
    '<',
  ];
  if (isKey && random.once(4)) return random.pick(['__proto__', 'constructor', 'toString', '1', '01', '']);
  const length = random.once(30) ? 300 + random.below(700) : random.below(12);
  return Array.from({ length }, () => (random.once(2) ? 'x' : random.pick(pieces))).join('');
}

function wellKnown(
  random: Random,
  type: DescMessage,
  registry: FileRegistry,
  how: Untidy,
  depth: number,
): Buffer | undefined {
  const field = (number: number, wire: number, content: Buffer) =>
    Buffer.concat([tag(number, wire), content]);
  switch (type.typeName) {
    case 'google.protobuf.Timestamp': {
      const seconds = random.pick([
        0,
        1,
        -1,
        1714564800,
        -62135596800,
        253402300799,
        random.bits(),
        -random.bits(),
      ]);
      const wrong = random.once(60) ? random.pick([-62135596801, 253402300800, 1e15]) : seconds;
      return Buffer.concat([
        field(1, 0, varint(BigInt(wrong))),
        field(2, 0, varint(BigInt(random.once(60) ? -1 : nanos(random)))),
      ]);
    }
    case 'google.protobuf.Duration': {
      const seconds = random.pick([0, 1, -1, 315576000000, -315576000000, random.bits(), -random.bits()]);
      const sign = seconds < 0 || (seconds === 0 && random.once(2)) ? -1 : 1;
      return Buffer.concat([
        field(1, 0, varint(BigInt(random.once(60) ? 315576000001 : seconds))),
        field(2, 0, varint(BigInt((random.once(60) ? -sign : sign) * nanos(random)))),
      ]);
    }
    case 'google.protobuf.FieldMask': {
      const paths = Array.from({ length: random.below(4) }, () =>
        random.pick([
          'a',
          'foo_bar',
          'a.b_c.d',
          'x1',
          '_lead',
          random.once(20) ? 'Bad' : 'ok',
          random.once(20) ? 'a_1' : 'ok',
        ]),
      );
      return Buffer.concat(paths.map((path) => lengthDelimited(1, Buffer.from(path))));
    }
    case 'google.protobuf.Value': {
      const choice = random.below(depth >= MAX_DEPTH ? 4 : 6);
      const bytes = Buffer.alloc(8);
      switch (choice) {
        case 0:
          return field(1, 0, varint(BigInt(random.below(2))));
        case 1: {
          const number = randomDouble(random);
          bytes.writeDoubleLE(Number.isFinite(number) || random.once(20) ? number : 1);
          return field(2, 1, bytes);
        }
        case 2:
          return lengthDelimited(3, Buffer.from(randomText(random, false)));
        case 3:
          return field(4, 0, varint(BigInt(random.below(2))));
        default: {
          const inner = registry.getMessage(`google.protobuf.${choice === 4 ? 'Struct' : 'ListValue'}`);
          return lengthDelimited(
            choice + 1,
            randomWire(random, inner as DescMessage, registry, how, depth + 1),
          );
        }
      }
    }
    case 'google.protobuf.Any': {
      if (random.once(6)) return Buffer.alloc(0);
      const { messages } = contents(registry);
      const target = random.pick(messages.filter((desc) => depth < MAX_DEPTH || desc.fields.length < 3));
      const url = random.once(60)
        ? 'type.googleapis.com/not.Known'
        : `type.googleapis.com/${target.typeName}`;
      return Buffer.concat([
        lengthDelimited(1, Buffer.from(url)),
        lengthDelimited(2, randomWire(random, target, registry, how, depth + 2)),
      ]);
    }
    default:
      return undefined;
  }
}

function nanos(random: Random): number {
  return random.pick([0, 0, 1, 999999999, 250000000, 1000, 123456000, 10, random.below(1_000_000_000)]);
}

function unknownRecord(random: Random): Buffer {
  const number = 15_000 + random.below(10);
  switch (random.below(4)) {
    case 0:
      return Buffer.concat([tag(number, 0), varint(BigInt(random.bits()))]);
    case 1:
      return Buffer.concat([tag(number, 5), Buffer.alloc(4, 1)]);
    case 2:
      return lengthDelimited(number, Buffer.from('unknown'));
    default:
      return Buffer.concat([tag(number, 3), tag(1, 0), varint(5n), tag(number, 4)]);
  }
}

function wireType(scalar: ScalarType): number {
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

export function tag(number: number, type: number): Buffer {
  return varint((BigInt(number) << 3n) | BigInt(type));
}

export function lengthDelimited(number: number, content: Uint8Array): Buffer {
  return Buffer.concat([tag(number, 2), varint(BigInt(content.length)), content]);
}

export function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
