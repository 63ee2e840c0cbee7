import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { memberOf, shapeOfField } from '../json/field-shape.js';
import { isMembers } from '../json/json-value.js';

export interface ChartField {
  readonly name: string;
  valueOf(message: unknown): unknown;
}

/** The fields of a message that a chart can draw. */
export function numericFields(type: DescMessage): ChartField[] {
  return type.fields.filter((field) => isNumeric(field)).map(chartField);
}

/** The fields by which its lines can be told apart. */
export function keyFields(type: DescMessage): ChartField[] {
  return type.fields.filter((field) => isKey(field)).map(chartField);
}

/** The field that a chart begins with: a number with a fraction rather than a counter. */
export function firstNumericField(type: DescMessage): string | undefined {
  const numeric = type.fields.filter((field) => isNumeric(field));
  const found = numeric.find((field) => {
    const shape = shapeOfField(field);
    return (
      shape.kind === 'scalar' && (shape.scalar === ScalarType.DOUBLE || shape.scalar === ScalarType.FLOAT)
    );
  });
  return (found ?? numeric[0])?.jsonName;
}

/** A number as a message has it: 64 bits are a string in JSON. Undefined for what no chart can draw. */
export function chartValue(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function chartField(field: DescField): ChartField {
  return {
    name: field.jsonName,
    valueOf(message) {
      if (!isMembers(message)) return undefined;
      const member = memberOf(field, message);
      return member === undefined ? undefined : message[member];
    },
  };
}

function isNumeric(field: DescField): boolean {
  const shape = shapeOfField(field);
  if (shape.kind !== 'scalar') return false;
  switch (shape.scalar) {
    case ScalarType.BOOL:
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return false;
    default:
      return true;
  }
}

function isKey(field: DescField): boolean {
  const shape = shapeOfField(field);
  if (shape.kind === 'enum') return true;
  if (shape.kind !== 'scalar') return false;
  return shape.scalar === ScalarType.STRING || shape.scalar === ScalarType.BOOL;
}
