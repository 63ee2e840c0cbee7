import { type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { memberOf, type Shape, shapeOfField, wellKnownName } from '../json/field-shape.js';
import { isMembers } from '../json/json-value.js';

export interface Column {
  readonly name: string;
  readonly width: string;
  /** Whether it is set to the right. */
  readonly isNumber: boolean;
  textOf(message: unknown): string;
}

/** More columns than this do not fit; the others are in the JSON. */
const MAX_COLUMNS = 16;
/** So much of a cell is written. */
const MAX_CELL = 200;

/** The fields of a message type as columns of a table. */
export function columnsOf(type: DescMessage): Column[] {
  return type.fields.slice(0, MAX_COLUMNS).map((field) => {
    const shape = shapeOfField(field);
    return {
      name: field.jsonName,
      ...layoutOf(shape, field.jsonName),
      textOf(message) {
        if (!isMembers(message)) return '';
        const member = memberOf(field, message);
        return member === undefined ? '' : cellText(shape, message[member]);
      },
    };
  });
}

/** The same where the types are not known: the members of a message that has come. */
export function columnsFromMessage(message: unknown): Column[] {
  if (!isMembers(message)) return [];
  return Object.keys(message)
    .slice(0, MAX_COLUMNS)
    .map((name) => ({
      name,
      width: '11rem',
      isNumber: typeof message[name] === 'number',
      textOf: (one) => (isMembers(one) && Object.hasOwn(one, name) ? plainText(one[name]) : ''),
    }));
}

function layoutOf(shape: Shape, name: string): { width: string; isNumber: boolean } {
  if (shape.kind === 'message') {
    const known = wellKnownName(shape.type);
    return {
      width: known === 'Timestamp' ? '12rem' : known === 'Duration' ? '7rem' : '16rem',
      isNumber: false,
    };
  }
  if (shape.kind !== 'scalar') return { width: shape.kind === 'enum' ? '11rem' : '16rem', isNumber: false };
  switch (shape.scalar) {
    case ScalarType.BOOL:
      return { width: '6rem', isNumber: false };
    case ScalarType.STRING:
      return {
        width: /(?:message|text|content|data|description)$/i.test(name) ? '22rem' : '10rem',
        isNumber: false,
      };
    case ScalarType.BYTES:
      return { width: '12rem', isNumber: false };
    default:
      return { width: '8rem', isNumber: true };
  }
}

function cellText(shape: Shape, value: unknown): string {
  if (shape.kind === 'message' && wellKnownName(shape.type) === 'Timestamp' && typeof value === 'string')
    return timeText(value);
  if (shape.kind === 'scalar' && typeof value === 'number' && !Number.isInteger(value))
    return String(Math.round(value * 1e6) / 1e6);
  return plainText(value);
}

function plainText(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > MAX_CELL ? `${text.slice(0, MAX_CELL)}…` : text;
}

/** A time as it is shown: in UTC, in milliseconds, without a letter between. */
function timeText(text: string): string {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d{1,3})?\d*Z$/.exec(text);
  return match === null ? text : `${match[1]} ${match[2]}${match[3] ?? ''}`;
}

/** "3.21 s", "1 min 4 s". */
export function sinceText(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1000)} s`;
}
