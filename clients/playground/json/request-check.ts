import type { DescExtension, DescField, DescMessage, ScalarType } from '@bufbuild/protobuf';
import { isRequiredField } from '../schema/field-help.js';
import type { FieldProblem } from './field-problem.js';
import {
  memberOf,
  type Shape,
  shapeOfField,
  shapeWithinAny,
  takesNull,
  wellKnownName,
} from './field-shape.js';
import { isMembers, type JsonPath } from './json-value.js';
import { keyOf, problemInDynamic, problemOfEnum, problemOfScalar, shownValue } from './scalar-check.js';
import { problemOfText } from './text-check.js';

/** Finds a message type by its name "pkg.Name". */
export type FindMessage = (name: string) => DescMessage | undefined;
/** The extensions of a message type. */
export type ExtensionsOf = (type: DescMessage) => readonly DescExtension[];

/** More problems than this help nobody. */
const MAX_PROBLEMS = 50;
/** As deep as the gateway reads. */
const MAX_DEPTH = 100;
const MAX_SHOWN_NAME = 100;

/**
 * What is wrong with a request, by the rules and in the words of the gateway, and at the field where it is wrong; at most `MAX_PROBLEMS`. Empty for one that
 * the gateway takes. What a service requires and is not there is advice.
 */
export function problemsOf(
  type: DescMessage,
  request: unknown,
  find: FindMessage,
  extensionsOf: ExtensionsOf = () => [],
): readonly FieldProblem[] {
  const check = new RequestCheck(find, extensionsOf);
  check.message(type, request, [], 1);
  return check.problems;
}

class RequestCheck {
  readonly problems: FieldProblem[] = [];
  readonly #find: FindMessage;
  readonly #extensionsOf: ExtensionsOf;

  constructor(find: FindMessage, extensionsOf: ExtensionsOf) {
    this.#find = find;
    this.#extensionsOf = extensionsOf;
  }

  #add(path: JsonPath, text: string, isAdvice = false): undefined {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ path, text, isAdvice });
  }

  #expected(path: JsonPath, wanted: string, value: unknown): undefined {
    this.#add(path, `expected ${wanted}, not ${shownValue(value)}`);
  }

  value(shape: Shape, value: unknown, path: JsonPath, depth: number): undefined {
    switch (shape.kind) {
      case 'scalar':
        return this.#text(path, problemOfScalar(shape.scalar, value));
      case 'enum':
        return this.#text(path, problemOfEnum(shape.type, value));
      case 'message':
        return this.message(shape.type, value, path, depth);
      case 'list':
        return this.#list(shape.item, value, path, depth);
      case 'map':
        return this.#map(shape.key, shape.value, value, path, depth);
    }
  }

  #text(path: JsonPath, text: string | undefined): undefined {
    if (text !== undefined) this.#add(path, text);
  }

  #list(item: Shape, value: unknown, path: JsonPath, depth: number): undefined {
    if (!Array.isArray(value)) return this.#expected(path, 'an array', value);
    for (const [index, one] of value.entries()) this.#item(item, one, [...path, index], depth);
  }

  #map(key: ScalarType, item: Shape, value: unknown, path: JsonPath, depth: number): undefined {
    if (!isMembers(value)) return this.#expected(path, 'an object', value);
    const seen = new Set<string>();
    for (const [name, one] of Object.entries(value)) {
      const read = keyOf(key, name);
      const inner = [...path, name];
      if (read.problem !== undefined) this.#add(path, read.problem);
      else if (seen.has(read.key)) this.#add(path, `"${name.slice(0, MAX_SHOWN_NAME)}" is there twice`);
      else seen.add(read.key);
      this.#item(item, one, inner, depth);
    }
  }

  #item(shape: Shape, value: unknown, path: JsonPath, depth: number): undefined {
    if (value === null && !takesNull(shape))
      return this.#add(path, 'null is not allowed within a list or map');
    this.value(shape, value, path, depth);
  }

  message(type: DescMessage, value: unknown, path: JsonPath, depth: number): undefined {
    if (depth > MAX_DEPTH) return this.#add(path, 'the request is nested too deeply');
    switch (wellKnownName(type)) {
      case undefined:
        return this.#members(type, value, path, depth, false);
      case 'Any':
        return this.#any(value, path, depth);
      case 'Struct':
        if (!isMembers(value)) this.#expected(path, 'an object', value);
        else this.#dynamic(value, path);
        return;
      case 'ListValue':
        if (!Array.isArray(value)) this.#expected(path, 'an array', value);
        else this.#dynamic(value, path);
        return;
      case 'Value':
        this.#dynamic(value, path);
        return;
      case 'Timestamp':
      case 'Duration':
      case 'FieldMask':
        return this.#text(path, problemOfText(type, value));
    }
  }

  #dynamic(value: unknown, path: JsonPath): undefined {
    const problem = problemInDynamic(value, path);
    if (problem !== undefined) this.#add(problem.path, problem.text);
  }

  #members(type: DescMessage, value: unknown, path: JsonPath, depth: number, withinAny: boolean): undefined {
    if (!isMembers(value)) return this.#expected(path, 'an object', value);
    const byName = new Map<string, DescField | DescExtension>(
      type.fields.flatMap((field) => [[field.jsonName, field] as const, [field.name, field]]),
    );
    for (const extension of this.#extensionsOf(type)) byName.set(extension.jsonName, extension);
    const given = new Set<DescField | DescExtension>();
    const chosen = new Set<unknown>();
    for (const [name, one] of Object.entries(value)) {
      const field = byName.get(name);
      if (field === undefined) {
        if (!withinAny || name !== '@type')
          this.#add(path, `${type.typeName} has no field "${name.slice(0, MAX_SHOWN_NAME)}"`);
        continue;
      }
      if (given.has(field)) this.#add(path, `"${field.jsonName}" is there twice`);
      given.add(field);
      const shape = shapeOfField(field);
      if (one === null && !takesNull(shape)) continue;
      if (field.oneof !== undefined && chosen.has(field.oneof))
        this.#add(
          path,
          `"${field.jsonName}" is the second member of the oneof "${field.oneof.name}": leave one out`,
        );
      chosen.add(field.oneof);
      this.value(shape, one, [...path, name], depth + 1);
    }
    this.#required(type, value, path);
  }

  #required(type: DescMessage, value: object, path: JsonPath): undefined {
    for (const field of type.fields) {
      if (!isRequiredField(field)) continue;
      const member = memberOf(field, value);
      const given = member === undefined ? undefined : (value as Record<string, unknown>)[member];
      if (given !== undefined && given !== null && given !== '') continue;
      // 3 is the `required` of proto2, which the gateway checks; the other is a note for whoever reads the schema.
      if (field.presence === 3 && given !== '')
        this.#add([...path], `the field "${field.jsonName}" of ${type.typeName} is required`);
      else if (field.presence !== 3)
        this.#add([...path, member ?? field.jsonName], 'the service requires it', true);
    }
  }

  #any(value: unknown, path: JsonPath, depth: number): undefined {
    if (!isMembers(value)) return this.#expected(path, 'an object with "@type"', value);
    if (Object.keys(value).length === 0) return;
    const url = value['@type'];
    if (url !== undefined && typeof url !== 'string')
      return this.#expected([...path, '@type'], 'a type in a string', url);
    if (url === undefined || url === '' || url.endsWith('/'))
      return this.#add(path, 'an Any needs the name of its type in "@type"');
    const type = this.#find(url.slice(url.lastIndexOf('/') + 1));
    if (type === undefined)
      return this.#add(path, `"@type" names ${url.slice(0, 200)}, which the schema does not know`);
    const shape = shapeWithinAny(type);
    if (shape === undefined) return this.#members(type, value, path, depth, true);
    for (const name of Object.keys(value)) {
      if (name !== '@type' && name !== 'value')
        this.#add(
          path,
          `an Any that holds ${type.typeName} has "value" and not "${name.slice(0, MAX_SHOWN_NAME)}"`,
        );
    }
    const { value: content } = value;
    if (content === undefined) return this.#add(path, `an Any that holds ${type.typeName} needs "value"`);
    this.value(shape, content, [...path, 'value'], depth + 1);
  }
}
