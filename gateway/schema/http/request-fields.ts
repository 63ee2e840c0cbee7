import { type DescField, type DescOneof, ScalarType } from '@bufbuild/protobuf';
import type { Json, JsonObject } from '../method/index.js';
import { maskJson } from './field-mask.js';
import { invalid, isTextMessage, isWholeValue, type Parameter } from './parameter-name.js';

/**
 * An object that inherits nothing, for members whose names the schema gives. V8 lays it out like any other; what `Object.create(null)` makes is a
 * hash table from the start, and to store into that was 3 % of a call. For names that clients choose the table is better.
 */
class BareObject {
  [name: string]: Json;
}
Object.setPrototypeOf(BareObject.prototype, null);
Reflect.deleteProperty(BareObject.prototype, 'constructor');

/** Builds the ProtoJSON of a request from single values that came as text: path variables and query parameters. */
export class RequestFields {
  readonly json: JsonObject;
  /** Which field of a oneof an object has; a nested object has its own. */
  #oneofs: Map<JsonObject, Map<DescOneof, DescField>> | undefined;

  constructor(json: JsonObject = new BareObject()) {
    this.json = json;
  }

  /**
   * Sets a field, or the entry of a map, to the value that a text means for its type. Appends if the field is repeated. Throws `RpcError`
   * INVALID_ARGUMENT naming `name` when that is not possible, it is already set, or another field of its oneof is.
   */
  set({ path, key }: Parameter, text: string, name: string): void {
    const field = path[path.length - 1];
    if (field === undefined) return;
    let target = this.json;
    for (let depth = 0; depth < path.length - 1; depth += 1) {
      const step = path[depth] as DescField;
      this.#claimOneof(target, step, name);
      target = childObject(target, step.jsonName);
    }
    this.#claimOneof(target, field, name);
    const value = jsonFromText(field, text, name);
    if (field.fieldKind === 'map') {
      if (key === undefined) return;
      setOnce(childObject(target, field.jsonName), mapKeyFromText(field, key, name), value, name);
    } else if (field.fieldKind === 'list') {
      const old = Object.hasOwn(target, field.jsonName) ? target[field.jsonName] : undefined;
      if (Array.isArray(old)) old.push(value);
      else target[field.jsonName] = [value];
    } else {
      setOnce(target, field.jsonName, value, name);
    }
  }

  #claimOneof(target: JsonObject, field: DescField, name: string): void {
    if (field.oneof === undefined) return;
    this.#oneofs ??= new Map();
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

/** A child to set fields in. */
function childObject(parent: JsonObject, name: string): JsonObject {
  const old = Object.hasOwn(parent, name) ? parent[name] : undefined;
  if (typeof old === 'object' && old !== null && !Array.isArray(old)) return old;
  const child: JsonObject = Object.create(null);
  parent[name] = child;
  return child;
}

function setOnce(target: JsonObject, member: string, value: Json, name: string): void {
  if (Object.hasOwn(target, member)) throw invalid(name, 'is given twice, and its field takes one value');
  target[member] = value;
}

/** The one spelling of a key, so that none can be given twice; the codec checks its range. */
function mapKeyFromText({ mapKey }: DescField & { fieldKind: 'map' }, text: string, name: string): string {
  if (mapKey === ScalarType.STRING) return text;
  if (mapKey === ScalarType.BOOL) {
    if (text === 'true' || text === 'false') return text;
    throw invalid(name, 'must have true or false as its key');
  }
  if (/^-?[0-9]{1,20}$/.test(text)) return String(BigInt(text));
  throw invalid(name, 'must have a whole number as its key');
}

/** Numbers stay text: ProtoJSON takes them quoted, and the codec checks their form and range. */
function jsonFromText(field: DescField, text: string, name: string): Json {
  if (field.message !== undefined) return jsonFromMessageText(field, text, name);
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
      return plusAgain(text);
    default:
      return text;
  }
}

function jsonFromMessageText(field: DescField, text: string, name: string): Json {
  const message = field.message;
  if (message === undefined || !isTextMessage(message)) {
    if (field.fieldKind === 'list')
      throw invalid(name, 'is a list of messages, which only a JSON body can carry');
    if (field.fieldKind === 'map')
      throw invalid(name, 'is a map of messages, which only a JSON body can carry');
    if (message !== undefined && isWholeValue(message))
      throw invalid(name, `is a ${message.typeName}, which only a JSON body can carry`);
    throw invalid(name, `is a message; give its fields, such as "${name.slice(0, 100)}.field"`);
  }
  switch (message.typeName) {
    case 'google.protobuf.FieldMask':
      // What JSON cannot spell is put in its place on the wire.
      return maskJson(text) ?? emptyMask(field, name);
    case 'google.protobuf.Timestamp':
      return plusAgain(text);
    case 'google.protobuf.Duration':
      return text;
    default: {
      const [wrapped] = message.fields;
      return wrapped === undefined ? text : jsonFromText(wrapped, text, name);
    }
  }
}

/** A "+" that was not encoded has become a space, which has no place in base64 or in a time. */
function plusAgain(text: string): string {
  return text.replaceAll(' ', '+');
}

function emptyMask(field: DescField, name: string): string {
  if (field.fieldKind === 'message') return '';
  throw invalid(name, 'has a path that has no lowerCamelCase');
}
