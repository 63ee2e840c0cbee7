import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { RpcError } from '../../status/index.js';

/** Deeper than any request in use; a parameter of a thousand dots ends here. */
const MAX_DEPTH = 32;

const TEXT_MESSAGES = new Set(
  [
    ...['Timestamp', 'Duration', 'FieldMask'],
    ...['DoubleValue', 'FloatValue', 'Int64Value', 'UInt64Value', 'Int32Value', 'UInt32Value'],
    ...['BoolValue', 'StringValue', 'BytesValue'],
  ].map((name) => `google.protobuf.${name}`),
);
const OPAQUE_MESSAGES = new Set(
  ['Struct', 'Value', 'ListValue', 'Any', 'Empty'].map((name) => `google.protobuf.${name}`),
);

/** A message whose JSON is one text or number, so that a path or a query can carry it. */
export function isTextMessage({ typeName }: Pick<DescMessage, 'typeName'>): boolean {
  return TEXT_MESSAGES.has(typeName);
}

/** A message whose JSON is not an object of its fields: it has a value, and no fields of its own for a client. */
export function isWholeValue(message: DescMessage): boolean {
  return TEXT_MESSAGES.has(message.typeName) || OPAQUE_MESSAGES.has(message.typeName);
}

/** What the name of a parameter means. */
export interface Parameter {
  /** The fields from the request down. */
  readonly path: readonly DescField[];
  /** Of `labels[key]`, where the last field is a map. */
  readonly key: string | undefined;
}

/**
 * What a name means: fields by proto or JSON names with dots between them, and a key in brackets behind a map. The key is all between the
 * first bracket and the last one, so it may hold dots and brackets. Throws `RpcError` INVALID_ARGUMENT naming it.
 */
export function parameterFromName(input: DescMessage, name: string): Parameter {
  const open = fieldNames(input).has(name) ? -1 : name.indexOf('[');
  const path = fieldsFromName(input, open === -1 ? name : name.slice(0, open), name);
  const field = path.at(-1);
  if (open === -1) {
    if (field?.fieldKind === 'map')
      throw invalid(name, `is a map: write its entries like "${short(name)}[key]"`);
    return { path, key: undefined };
  }
  if (field?.fieldKind === 'list') throw invalid(name, 'is a list: repeat the parameter without brackets');
  if (field?.fieldKind !== 'map') throw invalid(name, `is unknown: "${field?.name}" is no map`);
  if (!name.endsWith(']'))
    throw invalid(name, 'is unknown: a map has entries like "labels[key]", and nothing behind them');
  return { path, key: name.slice(open + 1, -1) };
}

function fieldsFromName(input: DescMessage, dotted: string, name: string): DescField[] {
  const parts = dotted.split('.', MAX_DEPTH + 1);
  if (parts.length > MAX_DEPTH) throw invalid(name, `is more than ${MAX_DEPTH} levels deep`);
  const path: DescField[] = [];
  let message: DescMessage = input;
  for (const [index, part] of parts.entries()) {
    const field = fieldNames(message).get(part);
    if (field === undefined)
      throw invalid(name, `is unknown: ${message.typeName} has no field "${short(part)}"`);
    path.push(field);
    if (index === parts.length - 1) break;
    if (field.fieldKind !== 'message' || isWholeValue(field.message)) {
      throw invalid(name, `is unknown: "${field.name}" has no fields of its own`);
    }
    message = field.message;
  }
  return path;
}

const known = new WeakMap<DescMessage, ReadonlyMap<string, DescField>>();

/** The fields of a message by their names: a name in the .proto file goes before the JSON name of another field. */
export function fieldNames(message: DescMessage): ReadonlyMap<string, DescField> {
  let names = known.get(message);
  if (names === undefined) {
    const { fields } = message;
    names = new Map([
      ...fields.map((field) => [field.jsonName, field] as const),
      ...fields.map((field) => [field.name, field] as const),
    ]);
    known.set(message, names);
  }
  return names;
}

export function invalid(parameter: string, problem: string): RpcError {
  return new RpcError('INVALID_PARAMETER', `the parameter "${short(parameter)}" ${problem}`);
}

function short(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}
