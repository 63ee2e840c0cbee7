import type { DescMessage } from '@bufbuild/protobuf';
import { type Shape, shapeOfField } from '../json/field-shape.js';
import { isMembers, type Json, membersFrom } from '../json/json-value.js';
import { isSecretField, isSecretName } from '../schema/field-help.js';

/** A request without its passwords, tokens and what the schema declares not to be shown: what may be kept in the browser and put into a link. */
export function withoutSecrets(request: Json, type?: DescMessage): Json {
  return cleaned(request, type && { kind: 'message', type });
}

function cleaned(value: Json, shape: Shape | undefined): Json {
  if (Array.isArray(value)) {
    const item = shape?.kind === 'list' ? shape.item : undefined;
    return value.map((one: Json) => cleaned(one, item));
  }
  if (!isMembers(value)) return value;
  const entries = Object.entries(value).flatMap(([name, one]): [string, Json][] => {
    if (shape?.kind === 'map') return isSecretName(name) ? [] : [[name, cleaned(one, shape.value)]];
    const fields = shape?.kind === 'message' ? shape.type.fields : [];
    const field = fields.find((known) => known.jsonName === name || known.name === name);
    if (field === undefined ? isSecretName(name) : isSecretField(field)) return [];
    return [[name, cleaned(one, field && shapeOfField(field))]];
  });
  return membersFrom(entries);
}
