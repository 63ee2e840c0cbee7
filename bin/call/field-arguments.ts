import { readFileSync } from 'node:fs';
import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { fieldNames, isTextMessage, isWholeValue } from '../../gateway/schema/index.js';
import { UsageError } from '../options/index.js';
import { type FieldArgument, type PathStep, parseFieldArgument } from './argument-path.js';
import { noFieldText } from './field-hint.js';
import { type BuiltJson, type BuiltObject, builtText, JsonText } from './json-text.js';

/**
 * The ProtoJSON of a request that arguments describe: `symbol=AAPL`, `a.b=1` for a field of a message, a list by repeating its name (`tags=x tags=y`) or by
 * index (`items[0].id=1`), `labels[key]=x` for the entry of a map, and `field:=JSON` for a value of any type. Values are what the schema says: numbers, `true`,
 * enums by name or number, bytes as base64 or `@FILE`, Timestamp, Duration, FieldMask and wrappers as their text, other messages as JSON. The codec checks
 * numbers and formats. Throws `UsageError` that names the argument, and the field that was probably meant.
 */
export function jsonFromArguments(type: DescMessage, texts: readonly string[]): string {
  const message: BuiltObject = new Map();
  for (const text of texts) {
    const argument = parseFieldArgument(text);
    if (argument === undefined)
      throw new UsageError(
        `unexpected argument ${JSON.stringify(text.slice(0, 100))}: write fields like name=value`,
      );
    new ArgumentWalk(argument).set(type, message);
  }
  return builtText(message);
}

/** One argument on its way down the message. */
class ArgumentWalk {
  readonly #argument: FieldArgument;
  #at = 0;

  constructor(argument: FieldArgument) {
    this.#argument = argument;
  }

  set(type: DescMessage, into: BuiltObject): void {
    const step = this.#take();
    if (step === undefined || !('name' in step)) throw this.#fault('a field of a message has a name');
    const field = fieldNames(type).get(step.name);
    if (field === undefined) throw this.#fault(noFieldText(type, step.name));
    const next = this.#peek();
    if (field.fieldKind === 'list') this.#setItem(field, into, next);
    else if (field.fieldKind === 'map') this.#setEntry(field, into, next);
    else if (next === undefined) {
      if (into.has(field.jsonName)) throw this.#fault('is given twice');
      into.set(field.jsonName, this.#value(field));
    } else
      this.#set(
        field,
        inner(into, field.jsonName, () => new Map()),
        next,
      );
  }

  #setItem(field: DescField, into: BuiltObject, next: PathStep | undefined): void {
    if (next === undefined && this.#argument.isJson) {
      into.set(field.jsonName, this.#json());
      return;
    }
    const list = inner(into, field.jsonName, () => []);
    if (!Array.isArray(list)) throw this.#fault('is given twice');
    if (next === undefined) {
      list.push(this.#value(field));
      return;
    }
    const index = 'key' in next ? Number(next.key) : Number.NaN;
    if (!Number.isInteger(index) || index < 0 || index > list.length)
      throw this.#fault(`the next item of this list is "${field.name}[${list.length}]"`);
    this.#take();
    const deeper = this.#peek();
    if (deeper === undefined) list[index] = this.#value(field);
    else {
      list[index] ??= new Map();
      this.#set(field, list[index], deeper);
    }
  }

  #setEntry(field: DescField, into: BuiltObject, next: PathStep | undefined): void {
    if (next === undefined) {
      if (!this.#argument.isJson && !this.#argument.value.startsWith('{'))
        throw this.#fault(`is a map: write its entries like "${field.name}[key]=value"`);
      into.set(field.jsonName, this.#json());
      return;
    }
    const entries = inner(into, field.jsonName, () => new Map());
    this.#take();
    const key = 'key' in next ? next.key : next.name;
    const deeper = this.#peek();
    if (!(entries instanceof Map)) throw this.#fault('is given twice');
    if (deeper === undefined) entries.set(key, this.#value(field));
    else
      this.#set(
        field,
        inner(entries, key, () => new Map()),
        deeper,
      );
  }

  /** What is below a message. */
  #set(field: DescField, into: BuiltJson, next: PathStep): void {
    if (field.message === undefined || isWholeValue(field.message))
      throw this.#fault(`"${field.name}" has no fields of its own`);
    if (!(into instanceof Map)) throw this.#fault('is given twice');
    if ('key' in next) throw this.#fault(`"${field.name}" is neither a list nor a map`);
    this.set(field.message, into);
  }

  /** The value of the argument for one value of a field. */
  #value(field: DescField): BuiltJson {
    const { value, isJson } = this.#argument;
    if (isJson) return this.#json();
    if (field.enum !== undefined) return enumValue(field.enum, value);
    if (field.message !== undefined) return this.#messageValue(field.message, value);
    return this.#scalar(field.scalar ?? ScalarType.STRING, value);
  }

  #messageValue(message: DescMessage, value: string): BuiltJson {
    if (isTextMessage(message)) {
      const scalar = message.typeName.endsWith('Value') ? message.fields[0]?.scalar : undefined;
      return this.#scalar(scalar ?? ScalarType.STRING, value);
    }
    if (message.typeName === 'google.protobuf.Value' && !isJsonText(value)) return value;
    if (!isJsonText(value))
      throw this.#fault(
        `is a ${message.typeName}: write it as JSON, or its fields like "${this.#argument.name}.field=value"`,
      );
    return new JsonText(value);
  }

  #scalar(scalar: ScalarType, value: string): BuiltJson {
    if (scalar === ScalarType.BOOL) {
      if (value !== 'true' && value !== 'false') throw this.#fault('must be true or false');
      return value === 'true';
    }
    // No base64 begins so.
    if (scalar === ScalarType.BYTES && value.startsWith('@')) return this.#fileAsBase64(value.slice(1));
    return value;
  }

  #fileAsBase64(file: string): string {
    try {
      return readFileSync(file).toString('base64');
    } catch (cause) {
      throw this.#fault((cause as Error).message);
    }
  }

  #json(): JsonText {
    const { value } = this.#argument;
    if (!isJsonText(value)) throw this.#fault('is not JSON');
    return new JsonText(value);
  }

  #peek(): PathStep | undefined {
    return this.#argument.steps[this.#at];
  }

  #take(): PathStep | undefined {
    return this.#argument.steps[this.#at++];
  }

  #fault(problem: string): UsageError {
    return new UsageError(`${this.#argument.name}: ${problem}`);
  }
}

function inner(object: BuiltObject, name: string, make: () => BuiltJson): BuiltJson {
  const there = object.get(name);
  if (there !== undefined) return there;
  const made = make();
  object.set(name, made);
  return made;
}

/** By name or by number. */
function enumValue(type: DescEnum, value: string): BuiltJson {
  if (type.typeName === 'google.protobuf.NullValue') return null;
  return /^-?\d{1,10}$/.test(value) ? Number(value) : value;
}

function isJsonText(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
