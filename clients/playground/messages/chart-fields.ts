import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { memberOf, shapeOfField, wellKnownName } from '../json/field-shape.js';
import { isMembers } from '../json/json-value.js';

export interface ChartField {
  /** The names down to it, joined by dots: "price", "reading.value". */
  readonly name: string;
  valueOf(message: unknown): unknown;
}

/** So deep below the message: recursive types have no end. */
const MAX_DEPTH = 4;
/** More than this no list shows. */
const MAX_FIELDS = 100;

/** The fields of a message that a chart can draw, those of messages within it too; the outer ones first. */
export function numericFields(type: DescMessage): ChartField[] {
  return pathsOf(type, isNumeric).map(chartField);
}

/** The fields by which its lines can be told apart. */
export function keyFields(type: DescMessage): ChartField[] {
  return pathsOf(type, isKey).map(chartField);
}

/** The field that a chart begins with: a number with a fraction rather than a counter. */
export function firstNumericField(type: DescMessage): string | undefined {
  const numeric = pathsOf(type, isNumeric);
  const found = numeric.find((path) => {
    const shape = shapeOfField(path.at(-1) as DescField);
    return (
      shape.kind === 'scalar' && (shape.scalar === ScalarType.DOUBLE || shape.scalar === ScalarType.FLOAT)
    );
  });
  const path = found ?? numeric[0];
  return path && nameOf(path);
}

type Path = readonly DescField[];

function pathsOf(type: DescMessage, isWanted: (field: DescField) => boolean): Path[] {
  const found: Path[] = [];
  let level: { readonly type: DescMessage; readonly path: Path }[] = [{ type, path: [] }];
  for (let depth = 0; depth < MAX_DEPTH && found.length < MAX_FIELDS; depth += 1) {
    const next: typeof level = [];
    for (const { type: within, path } of level) {
      for (const field of within.fields) {
        const shape = shapeOfField(field);
        if (isWanted(field)) found.push([...path, field]);
        else if (
          shape.kind === 'message' &&
          wellKnownName(shape.type) === undefined &&
          next.length < MAX_FIELDS
        )
          next.push({ type: shape.type, path: [...path, field] });
      }
    }
    level = next;
  }
  return found.slice(0, MAX_FIELDS);
}

function nameOf(path: Path): string {
  return path.map(({ jsonName }) => jsonName).join('.');
}

/** A number as a message has it: 64 bits are a string in JSON. Undefined for what no chart can draw. */
export function chartValue(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function chartField(path: Path): ChartField {
  return {
    name: nameOf(path),
    valueOf(message) {
      let value = message;
      for (const field of path) {
        if (!isMembers(value)) return undefined;
        const member = memberOf(field, value);
        if (member === undefined) return undefined;
        value = value[member];
      }
      return value;
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
