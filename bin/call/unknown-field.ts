import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { fieldNames, isWholeValue } from '../../gateway/schema/index.js';
import { noFieldText } from './field-hint.js';

/** Deeper is no request that a person writes. */
const MAX_DEPTH = 32;

/**
 * Where a JSON text has a field that its type does not have, with the field that was probably meant: for an error of a text that the codec has
 * refused. `undefined`: something else is wrong with it.
 */
export function unknownFieldText(type: DescMessage, text: string): string | undefined {
  try {
    return inMessage(type, JSON.parse(text), '', 0);
  } catch {
    return undefined;
  }
}

function inMessage(type: DescMessage, json: unknown, path: string, depth: number): string | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
  if (depth > MAX_DEPTH || isWholeValue(type)) return undefined;
  const names = fieldNames(type);
  for (const [name, value] of Object.entries(json)) {
    const at = path === '' ? name : `${path}.${name}`;
    const field = names.get(name);
    // Extensions are in brackets.
    if (field === undefined && name.startsWith('[')) continue;
    if (field === undefined) return `${at}: ${noFieldText(type, name)}`;
    const fault = inField(field, value, at, depth);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function inField(field: DescField, json: unknown, path: string, depth: number): string | undefined {
  const { message } = field;
  if (message === undefined || typeof json !== 'object' || json === null) return undefined;
  if (field.fieldKind === 'message') return inMessage(message, json, path, depth + 1);
  for (const [key, value] of Object.entries(json)) {
    const fault = inMessage(message, value, `${path}[${key}]`, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
