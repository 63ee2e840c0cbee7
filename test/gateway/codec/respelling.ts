import type { DescField, DescMessage, FileRegistry, JsonValue } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import type { Random } from './random.js';

type JsonObject = Record<string, JsonValue>;

/** A JSON text that means the same as the canonical value of a message, spelled in one of the other ways that ProtoJSON allows. */
export function respell(random: Random, type: DescMessage, value: JsonValue, registry: FileRegistry): string {
  if (type.typeName === 'google.protobuf.Any') return respellAny(random, value as JsonObject, registry);
  if (type.typeName === 'google.protobuf.Timestamp') return text(random, timestamp(random, value as string));
  if (
    type.typeName.startsWith('google.protobuf.') &&
    type.typeName.endsWith('Value') &&
    type.fields.length === 1
  ) {
    const field = type.fields[0] as DescField;
    if (field.fieldKind === 'scalar') return scalar(random, field.scalar, value);
  }
  if (type.typeName.startsWith('google.protobuf.')) return plain(random, value);
  return objectText(random, memberTexts(random, type, value as JsonObject, registry));
}

function memberTexts(
  random: Random,
  type: DescMessage,
  value: JsonObject,
  registry: FileRegistry,
): [string, string][] {
  const members: [string, string][] = [];
  const present = new Set<unknown>();
  for (const [key, member] of Object.entries(value)) {
    const field = type.fields.find((candidate) => candidate.jsonName === key);
    if (field === undefined) {
      members.push([key, plain(random, member)]);
      continue;
    }
    present.add(field);
    const hidden = type.fields.some((other) => other !== field && other.jsonName === field.name);
    members.push([random.once(2) && !hidden ? field.name : key, fieldText(random, field, member, registry)]);
  }
  for (const field of type.fields) {
    const isNullable =
      field.message?.typeName !== 'google.protobuf.Value' &&
      field.enum?.typeName !== 'google.protobuf.NullValue';
    const isList = field.fieldKind === 'list' || field.fieldKind === 'map';
    if (!present.has(field) && random.once(6) && (isNullable || isList))
      members.push([field.jsonName, 'null']);
  }
  return random.shuffle(members);
}

function fieldText(random: Random, field: DescField, value: JsonValue, registry: FileRegistry): string {
  if (field.fieldKind === 'list') {
    return `[${(value as JsonValue[]).map((item) => valueText(random, field, item, registry)).join(space(random, ','))}]`;
  }
  if (field.fieldKind === 'map') {
    const entries = Object.entries(value as JsonObject).map(([key, item]): [string, string] => [
      key,
      valueText(random, field, item, registry),
    ]);
    return objectText(random, random.shuffle(entries));
  }
  return valueText(random, field, value, registry);
}

function valueText(random: Random, field: DescField, value: JsonValue, registry: FileRegistry): string {
  if (field.message !== undefined) return respell(random, field.message, value, registry);
  if (field.enum !== undefined) {
    if (typeof value === 'string' && random.once(2)) {
      return String(field.enum.values.find((candidate) => candidate.name === value)?.number);
    }
    return plain(random, value);
  }
  return scalar(random, field.scalar as ScalarType, value);
}

function scalar(random: Random, type: ScalarType, value: JsonValue): string {
  switch (type) {
    case ScalarType.STRING:
      return text(random, value as string);
    case ScalarType.BOOL:
      return String(value);
    case ScalarType.BYTES: {
      const url = (value as string).replaceAll('+', '-').replaceAll('/', '_');
      return text(random, random.pick([value as string, url, url.replaceAll('=', '')]));
    }
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT: {
      if (typeof value === 'string') return text(random, value);
      if (Object.is(value, -0)) return random.pick(['-0', '"-0"', '-0.0', '-0E1']);
      const number = String(value);
      return random.pick([
        number,
        `"${number}"`,
        (value as number).toExponential(),
        number.replace('e', 'E'),
      ]);
    }
    default:
      return integer(random, String(value));
  }
}

function integer(random: Random, digits: string): string {
  const spelled = random.pick([
    digits,
    digits,
    `${digits}.0`,
    `${digits}e0`,
    digits === '0' ? '0E-7' : `${digits}00E-2`,
    `${digits}.000e+0`,
  ]);
  return random.once(2) ? `"${spelled}"` : spelled;
}

function timestamp(random: Random, value: string): string {
  const match = /^(.{19})(?:\.(\d+))?Z$/.exec(value);
  const seconds = Date.parse(`${match?.[1]}Z`);
  if (random.once(2) || Number.isNaN(seconds) || seconds < -6e13 || seconds > 2.5e14) return value;
  const minutes = random.below(24 * 60);
  const local = new Date(seconds + minutes * 60_000).toISOString().slice(0, 19);
  const pad = (part: number) => String(part).padStart(2, '0');
  const fraction = match?.[2] === undefined ? '' : `.${match[2]}`;
  return `${local}${fraction}+${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}

function respellAny(random: Random, value: JsonObject, registry: FileRegistry): string {
  const typeUrl = value['@type'];
  if (typeof typeUrl !== 'string') return '{}';
  const type = registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf('/') + 1)) as DescMessage;
  const { '@type': _, ...rest } = value;
  const wellKnown = type.typeName.startsWith('google.protobuf.') && type.typeName !== 'google.protobuf.Empty';
  const own = Object.fromEntries(Object.entries(rest));
  const members: [string, string][] = wellKnown
    ? [['value', respell(random, type, value.value as JsonValue, registry)]]
    : memberTexts(random, type, own, registry);
  return objectText(random, random.shuffle([['@type', text(random, typeUrl)], ...members]));
}

function plain(random: Random, value: JsonValue): string {
  if (typeof value === 'string') return text(random, value);
  if (Array.isArray(value)) return `[${value.map((item) => plain(random, item)).join(space(random, ','))}]`;
  if (typeof value === 'object' && value !== null) {
    return objectText(
      random,
      Object.entries(value).map(([key, item]) => [key, plain(random, item)]),
    );
  }
  return Object.is(value, -0) ? '-0' : JSON.stringify(value);
}

function objectText(random: Random, members: readonly (readonly [string, string])[]): string {
  const parts = members.map(([key, value]) => `${text(random, key)}${space(random, ':')}${value}`);
  return `{${space(random, '')}${parts.join(space(random, ','))}${space(random, '')}}`;
}

function space(random: Random, mark: string): string {
  return random.once(3)
    ? `${random.pick([' ', '\n', '\t', '\r\n  '])}${mark}${random.pick([' ', ''])}`
    : mark;
}

/** A string with some of its characters escaped. */
function text(random: Random, value: string): string {
  if (random.once(2)) return JSON.stringify(value);
  let escaped = '';
  for (const unit of value.split('')) {
    if (random.once(4)) escaped += `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
    else if (unit === '/' && random.once(2)) escaped += '\\/';
    else escaped += JSON.stringify(unit).slice(1, -1);
  }
  return /[\ud800-\udfff]/.test(value) ? JSON.stringify(value) : `"${escaped}"`;
}
