import type { DescMessage } from '@bufbuild/protobuf';
import { memberOf, type Shape, shapeOfField, wellKnownName } from '../json/field-shape.js';
import { isMembers } from '../json/json-value.js';

/**
 * A request as the query of a `GET` (PROTOCOL.md, section 2), as JSON or as the object that it is. Undefined for one that no query can carry: messages in
 * lists and maps, and types whose JSON is of any form.
 */
export function queryFromRequest(type: DescMessage, request: unknown): string | undefined {
  const query = new URLSearchParams();
  return addMessage(query, '', type, request) ? query.toString() : undefined;
}

function addMessage(query: URLSearchParams, prefix: string, type: DescMessage, value: unknown): boolean {
  if (!isMembers(value)) return false;
  return type.fields.every((field) => {
    const member = memberOf(field, value);
    const given = member === undefined ? undefined : value[member];
    if (given === undefined || given === null) return true;
    return add(query, `${prefix}${field.jsonName}`, shapeOfField(field), given);
  });
}

/** Of a message without any field an address cannot say that it is there. */
function addParts(query: URLSearchParams, prefix: string, type: DescMessage, value: unknown): boolean {
  const before = query.toString();
  return addMessage(query, prefix, type, value) && query.toString() !== before;
}

function add(query: URLSearchParams, name: string, shape: Shape, value: unknown): boolean {
  switch (shape.kind) {
    case 'list':
      return Array.isArray(value) && value.every((item) => addText(query, name, shape.item, item));
    case 'map':
      return (
        isMembers(value) &&
        Object.entries(value).every(([key, item]) => addText(query, `${name}[${key}]`, shape.value, item))
      );
    case 'message':
      if (isText(shape)) return addText(query, name, shape, value);
      return wellKnownName(shape.type) === undefined && addParts(query, `${name}.`, shape.type, value);
    default:
      return addText(query, name, shape, value);
  }
}

function addText(query: URLSearchParams, name: string, shape: Shape, value: unknown): boolean {
  if (!isText(shape) || typeof value === 'object') return false;
  query.append(name, String(value));
  return true;
}

/** Whether the JSON is a single text. */
function isText(shape: Shape): boolean {
  if (shape.kind !== 'message') return shape.kind === 'scalar' || shape.kind === 'enum';
  return ['Timestamp', 'Duration', 'FieldMask'].includes(wellKnownName(shape.type) ?? '');
}
