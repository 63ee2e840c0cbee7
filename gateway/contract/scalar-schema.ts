import { type DescMessage, ScalarType } from '@bufbuild/protobuf';
import type { Json, JsonObject } from '../schema/index.js';
import { reference } from './json-pieces.js';

/** What the names of our own components begin with. No name of a protobuf type has a hyphen. */
export const OWN = 'sluice-';

const NOT_FINITE = { type: 'string', enum: ['NaN', 'Infinity', '-Infinity'] };

/** Components for floating point numbers: ProtoJSON has texts for what is no JSON number. */
export const NUMBER_SCHEMAS: JsonObject = {
  [`${OWN}double`]: { anyOf: [{ type: 'number', format: 'double' }, NOT_FINITE] },
  [`${OWN}float`]: { anyOf: [{ type: 'number', format: 'float' }, NOT_FINITE] },
};

/** The component of a floating point number. */
export function numberName(type: ScalarType): string | undefined {
  if (type === ScalarType.DOUBLE) return `${OWN}double`;
  return type === ScalarType.FLOAT ? `${OWN}float` : undefined;
}

/** The JSON Schema of a scalar as ProtoJSON writes it. */
export function scalarSchema(type: ScalarType): JsonObject {
  switch (type) {
    case ScalarType.DOUBLE:
      return reference('components', 'schemas', `${OWN}double`);
    case ScalarType.FLOAT:
      return reference('components', 'schemas', `${OWN}float`);
    case ScalarType.BOOL:
      return { type: 'boolean' };
    case ScalarType.STRING:
      return { type: 'string' };
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' };
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return { type: 'integer', format: 'int32' };
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { type: 'integer', minimum: 0, maximum: 4_294_967_295 };
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return { type: 'string', format: 'int64', pattern: '^-?[0-9]{1,19}$' };
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return { type: 'string', format: 'uint64', pattern: '^[0-9]{1,20}$' };
  }
}

/** What the names of the entries of a map look like; absent: anything. */
export function keySchema(type: ScalarType): JsonObject | undefined {
  if (type === ScalarType.STRING) return undefined;
  if (type === ScalarType.BOOL) return { enum: ['true', 'false'] };
  return { pattern: '^-?[0-9]+$' };
}

const ANYTHING: Json = {};

const WELL_KNOWN: ReadonlyMap<string, JsonObject> = new Map<string, JsonObject>([
  [
    'Timestamp',
    {
      type: 'string',
      format: 'date-time',
      description: 'A time in UTC, for example "2024-05-17T12:00:00Z".',
    },
  ],
  [
    'Duration',
    {
      type: 'string',
      pattern: '^-?[0-9]{1,12}(\\.[0-9]{1,9})?s$',
      description: 'Seconds with the letter s behind them, for example "1.5s".',
    },
  ],
  [
    'FieldMask',
    {
      type: 'string',
      description: 'Paths of fields in lowerCamelCase, separated by commas, for example "title,author.name".',
    },
  ],
  ['Struct', { type: 'object', additionalProperties: true, description: 'Any JSON object.' }],
  ['Value', { description: 'Any JSON value.' }],
  ['ListValue', { type: 'array', items: ANYTHING, description: 'Any JSON array.' }],
  [
    'Any',
    {
      type: 'object',
      properties: {
        '@type': { type: 'string', description: 'For example "type.googleapis.com/google.rpc.ErrorInfo".' },
      },
      additionalProperties: true,
      description: 'A message of any type. Beside @type are its fields, or "value" if its JSON is no object.',
    },
  ],
  ['Empty', { type: 'object', description: 'No fields.' }],
]);

/** The JSON Schema of a message whose JSON is not an object of its fields; undefined for every other. */
export function wellKnownSchema({ typeName, fields }: DescMessage): JsonObject | undefined {
  if (!typeName.startsWith('google.protobuf.')) return undefined;
  const name = typeName.slice('google.protobuf.'.length);
  const known = WELL_KNOWN.get(name);
  if (known !== undefined) return known;
  if (!/^(?:Double|Float|U?Int(?:32|64)|Bool|String|Bytes)Value$/.test(name)) return undefined;
  const scalar = fields[0]?.scalar;
  return scalar === undefined ? undefined : scalarSchema(scalar);
}
