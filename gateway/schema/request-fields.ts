import { type DescField, type DescMessage, type DescOneof, ScalarType } from '@bufbuild/protobuf';
import { Code, RpcError } from '../status/index.js';

/** JSON, as it is parsed and as it is made here: objects of ours have no prototype, so no name is special. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };

/** Deeper than any request in use; a parameter of a thousand dots ends here. */
const MAX_DEPTH = 32;
const SCALAR_MESSAGES = new Set(
  [
    ...['Timestamp', 'Duration', 'FieldMask'],
    ...['DoubleValue', 'FloatValue', 'Int64Value', 'UInt64Value', 'Int32Value', 'UInt32Value'],
    ...['BoolValue', 'StringValue', 'BytesValue'],
  ].map((name) => `google.protobuf.${name}`),
);
const OPAQUE_MESSAGES = new Set(
  ['Struct', 'Value', 'ListValue', 'Any', 'Empty'].map((name) => `google.protobuf.${name}`),
);

/** Builds the ProtoJSON of a request from single values that came as text: path variables and query parameters. */
export class RequestFields {
  readonly json: JsonObject;
  /** Which field of a oneof an object has; a nested object has its own. */
  readonly #oneofs = new Map<JsonObject, Map<DescOneof, DescField>>();

  constructor(json: JsonObject = Object.create(null)) {
    this.json = json;
  }

  /**
   * Sets a field to the value that a text means for its type. Appends if the field is repeated. Throws `RpcError`
   * INVALID_ARGUMENT naming `name` when that is not possible, the field is already set, or another of its oneof is.
   */
  set(path: readonly DescField[], text: string, name: string): void {
    const field = path.at(-1);
    if (field === undefined) return;
    let target = this.json;
    for (const step of path.slice(0, -1)) {
      this.#claimOneof(target, step, name);
      target = childObject(target, step.jsonName);
    }
    this.#claimOneof(target, field, name);
    const value = jsonFromText(field, text, name);
    const old = Object.hasOwn(target, field.jsonName) ? target[field.jsonName] : undefined;
    if (field.fieldKind === 'list') {
      if (Array.isArray(old)) old.push(value);
      else target[field.jsonName] = [value];
    } else if (old !== undefined) {
      throw invalid(name, 'is given twice, and its field takes one value');
    } else {
      target[field.jsonName] = value;
    }
  }

  #claimOneof(target: JsonObject, field: DescField, name: string): void {
    if (field.oneof === undefined) return;
    const claimed = this.#oneofs.get(target) ?? new Map<DescOneof, DescField>();
    this.#oneofs.set(target, claimed);
    const other = claimed.get(field.oneof);
    if (other !== undefined && other !== field) {
      throw invalid(
        name,
        `and "${other.name}" exclude each other: only one of "${field.oneof.name}" may be given`,
      );
    }
    claimed.set(field.oneof, field);
  }
}

/** The fields that a dotted name means, by proto or JSON names. Throws `RpcError` INVALID_ARGUMENT naming it. */
export function fieldsFromName(input: DescMessage, name: string): DescField[] {
  const parts = name.split('.', MAX_DEPTH + 1);
  if (parts.length > MAX_DEPTH) throw invalid(name, `is more than ${MAX_DEPTH} levels deep`);
  const path: DescField[] = [];
  let message: DescMessage = input;
  for (const [index, part] of parts.entries()) {
    const field =
      message.fields.find((candidate) => candidate.name === part) ??
      message.fields.find((candidate) => candidate.jsonName === part);
    if (field === undefined)
      throw invalid(name, `is unknown: ${message.typeName} has no field "${short(part)}"`);
    path.push(field);
    if (index === parts.length - 1) return path;
    if (field.fieldKind !== 'message' || isWholeValue(field.message)) {
      throw invalid(name, `is unknown: "${field.name}" has no fields of its own`);
    }
    message = field.message;
  }
  return path;
}

/** A child to set fields in. What stands there and is no object, for example null, is replaced. */
export function childObject(parent: JsonObject, name: string): JsonObject {
  const old = Object.hasOwn(parent, name) ? parent[name] : undefined;
  if (typeof old === 'object' && old !== null && !Array.isArray(old)) return old;
  const child: JsonObject = Object.create(null);
  parent[name] = child;
  return child;
}

export function invalid(parameter: string, problem: string): RpcError {
  return new RpcError(Code.INVALID_ARGUMENT, `the parameter "${short(parameter)}" ${problem}`);
}

function short(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}

function isWholeValue(message: DescMessage): boolean {
  return SCALAR_MESSAGES.has(message.typeName) || OPAQUE_MESSAGES.has(message.typeName);
}

/** Numbers stay text: ProtoJSON takes them quoted, and the codec checks their form and range. */
function jsonFromText(field: DescField, text: string, name: string): Json {
  if (field.fieldKind === 'map') throw invalid(name, 'is a map, which only a JSON body can carry');
  if (field.message !== undefined) {
    if (field.fieldKind === 'list')
      throw invalid(name, 'is a list of messages, which only a JSON body can carry');
    if (!SCALAR_MESSAGES.has(field.message.typeName)) {
      throw invalid(name, `is a message; give its fields, such as "${short(name)}.field"`);
    }
    const wrapped = field.message.typeName.endsWith('Value') ? field.message.fields[0] : undefined;
    return wrapped === undefined ? text : jsonFromText(wrapped, text, name);
  }
  if (field.enum !== undefined) {
    if (/^-?[0-9]{1,10}$/.test(text)) return Number(text);
    if (field.enum.values.some((value) => value.name === text)) return text;
    throw invalid(name, `must be a value of ${field.enum.typeName}, by name or number`);
  }
  switch (field.scalar) {
    case ScalarType.BOOL:
      if (text === 'true' || text === 'false') return text === 'true';
      throw invalid(name, 'must be true or false');
    case ScalarType.BYTES:
      // A "+" of base64 that was not encoded has become a space.
      return text.replaceAll(' ', '+');
    default:
      return text;
  }
}
