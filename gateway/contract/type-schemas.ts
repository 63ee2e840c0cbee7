import type { DescEnum, DescField, DescMessage, DescOneof, ScalarType } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import type { Steps } from '../async/index.js';
import {
  enumComment,
  fieldComment,
  isInputOnly,
  isOutputOnly,
  type Json,
  type JsonObject,
  messageComment,
} from '../schema/index.js';
import { described, members, reference } from './json-pieces.js';
import { keySchema, NUMBER_SCHEMAS, numberName, scalarSchema, wellKnownSchema } from './scalar-schema.js';
import { isRequired, type Side, type UsedTypes } from './used-types.js';

/**
 * The types of a schema as JSON Schemas below `components/schemas`: canonical ProtoJSON, which is what the gateway writes and one of the
 * spellings that it reads. Every type stands there once, and is referred to. Only what is asked for is described, and what that needs.
 */
export class TypeSchemas {
  readonly #types: UsedTypes;
  readonly #components = new Map<string, Json>();
  readonly #waiting: (() => void)[] = [];
  readonly #siblings: boolean;

  /** `siblings`: whether a `$ref` may have members beside it, which JSON Schema allows since 2019-09. */
  constructor(types: UsedTypes, siblings: boolean) {
    this.#types = types;
    this.#siblings = siblings;
  }

  /** The schema of a message. */
  ofMessage(message: DescMessage, side: Side): JsonObject {
    return this.#refer(this.#types.nameOf(message, side), () => this.#messageSchema(message, side));
  }

  /** The schema of a message without some of its fields, which come in another way. */
  without(message: DescMessage, fields: ReadonlySet<DescField>): JsonObject {
    const clashes = [...fields].some((field) => field.parent === message && isRequired(field, 'request'));
    return clashes ? this.#messageSchema(message, 'request', fields) : this.ofMessage(message, 'request');
  }

  /** The schema of the value of a field. */
  ofField(field: DescField, side: Side): JsonObject {
    return this.#wrapped(field, this.#itemSchema(field, side));
  }

  /** The same for a field in the path or the query, where all is text: null is said by its name. */
  ofParameter(field: DescField): JsonObject {
    const item: JsonObject | undefined = isNull(field.enum)
      ? { type: 'string', enum: ['NULL_VALUE'] }
      : undefined;
    return this.#wrapped(field, item ?? this.#itemSchema(field, 'request'));
  }

  #wrapped(field: DescField, item: JsonObject): JsonObject {
    if (field.fieldKind === 'list') return { type: 'array', items: item };
    if (field.fieldKind !== 'map') return item;
    const names = keySchema(field.mapKey);
    return members(['type', 'object'], ['additionalProperties', item], ['propertyNames', names]);
  }

  /** The schema of a response that is one field: what can be absent is null. */
  ofResponseField(field: DescField): JsonObject {
    const schema = this.ofField(field, 'response');
    const isPresent = field.fieldKind === 'list' || field.fieldKind === 'map';
    const may = !isPresent && field.presence !== FeatureSet_FieldPresence.IMPLICIT;
    return may ? { anyOf: [schema, { type: 'null' }] } : schema;
  }

  /** All that has been referred to, by name; type by type. */
  *components(): Steps<JsonObject> {
    for (let work = this.#waiting.pop(); work !== undefined; work = this.#waiting.pop()) {
      work();
      yield;
    }
    const sorted = [...this.#components].sort(([left], [right]) => (left < right ? -1 : 1));
    return Object.fromEntries(sorted) as JsonObject;
  }

  /** A schema with more said about it. */
  #annotated(schema: JsonObject, more: JsonObject): JsonObject {
    if (Object.keys(more).length === 0) return schema;
    if ('$ref' in schema && !this.#siblings) return { allOf: [schema], ...more };
    return { ...schema, ...more };
  }

  #refer(name: string, make: () => JsonObject): JsonObject {
    if (!this.#components.has(name)) {
      // Its place is taken before it is made: a type may be within itself.
      this.#components.set(name, {});
      this.#waiting.push(() => this.#components.set(name, make()));
    }
    return reference('components', 'schemas', name);
  }

  #itemSchema(field: DescField, side: Side): JsonObject {
    if (field.message !== undefined) return this.ofMessage(field.message, side);
    if (field.enum !== undefined) {
      const { enum: type } = field;
      return this.#refer(type.typeName, () => enumSchema(type));
    }
    return field.scalar === undefined ? {} : this.#scalarSchema(field.scalar);
  }

  #scalarSchema(type: ScalarType): JsonObject {
    const name = numberName(type);
    if (name !== undefined) this.#components.set(name, NUMBER_SCHEMAS[name] ?? {});
    return scalarSchema(type);
  }

  #messageSchema(message: DescMessage, side: Side, left?: ReadonlySet<DescField>): JsonObject {
    const wellKnown = wellKnownSchema(message);
    if (wellKnown !== undefined) {
      const [wrapped] = message.fields;
      return '$ref' in wellKnown && wrapped?.scalar !== undefined
        ? this.#scalarSchema(wrapped.scalar)
        : wellKnown;
    }
    const fields = message.fields.filter((field) => left?.has(field) !== true);
    const required = fields.filter((field) => isRequired(field, side)).map(({ jsonName }) => jsonName);
    const properties = fields.map((field) => [field.jsonName, this.#property(field, side)] as const);
    return {
      ...members(
        ['type', 'object'],
        ['properties', properties.length === 0 ? undefined : members(...properties)],
        ['required', required.length === 0 ? undefined : required],
        ['deprecated', message.deprecated ? true : undefined],
      ),
      ...exclusions(message.oneofs, left),
      ...described(messageComment(message)),
    };
  }

  #property(field: DescField, side: Side): JsonObject {
    const { oneof } = field;
    const rivals = oneof === undefined || oneof.fields.length < 2 ? undefined : `One of "${oneof.name}".`;
    const more = members(
      ['readOnly', isOutputOnly(field) ? true : undefined],
      ['writeOnly', isInputOnly(field) ? true : undefined],
      ['deprecated', field.deprecated ? true : undefined],
    );
    return this.#annotated(this.ofField(field, side), { ...more, ...described(fieldComment(field), rivals) });
  }
}

function isNull(type: DescEnum | undefined): boolean {
  return type?.typeName === 'google.protobuf.NullValue';
}

/** An open enum may hold a number that has no name here, and ProtoJSON writes that as it is. */
function enumSchema(type: DescEnum): JsonObject {
  if (isNull(type)) return { type: 'null' };
  const names: JsonObject = { type: 'string', enum: type.values.map(({ name }) => name) };
  const comments = type.values.map(({ name, deprecated }, index) => {
    const text = [deprecated ? 'deprecated.' : '', enumComment(type, index)].filter(Boolean).join(' ');
    return text === '' ? '' : `- ${name}: ${text.replaceAll('\n', ' ')}`;
  });
  const more = described(enumComment(type), comments.filter(Boolean).join('\n'));
  const deprecated = type.deprecated ? { deprecated: true } : {};
  if (!type.open) return { ...names, ...deprecated, ...more };
  const unnamed = {
    type: 'integer',
    format: 'int32',
    description: 'A value that this schema has no name for.',
  };
  return { anyOf: [names, unnamed], ...deprecated, ...more };
}

/** At most one member of each oneof. In proportion to its members, where naming all pairs would be their square. */
function exclusions(oneofs: readonly DescOneof[], left: ReadonlySet<DescField> | undefined): JsonObject {
  const clauses = oneofs.flatMap(({ fields }) => {
    const has = fields
      .filter((field) => left?.has(field) !== true)
      .map(({ jsonName }) => ({ required: [jsonName], properties: members([jsonName, true]) }));
    return has.length < 2 ? [] : [{ oneOf: [...has, { not: { anyOf: has } }] } as JsonObject];
  });
  const [only] = clauses;
  if (only === undefined) return {};
  return clauses.length === 1 ? only : { allOf: clauses };
}
