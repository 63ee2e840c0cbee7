import { Code } from './code.js';
import type { JsonObject } from './json-object.js';
import { SluiceError } from './sluice-error.js';

export type { JsonObject } from './json-object.js';

/** Whether a value is a JSON object, and not null or an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value if it is a JSON object, otherwise an empty one. */
export function objectFrom(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** Parses JSON from the gateway. Fails with INTERNAL, because a gateway sends nothing else. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SluiceError(Code.INTERNAL, `the gateway sent invalid JSON: ${excerpt(text)}`, {
      cause,
    });
  }
}

/** Writes a message as JSON. Fails with INVALID_ARGUMENT for values that JSON does not have (undefined, a bigint) and for cycles. */
export function stringifyJson(value: unknown): string {
  let text: string | undefined;
  let why = {};
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    why = { cause };
  }
  if (text === undefined) {
    throw new SluiceError(Code.INVALID_ARGUMENT, 'the message cannot be converted to JSON', why);
  }
  return text;
}

/** The first 80 characters of a text, quoted, for an error message. */
export function excerpt(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}
