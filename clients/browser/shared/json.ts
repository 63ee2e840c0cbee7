import { Code } from './code.js';
import { SluiceError } from './sluice-error.js';

/** A message: canonical ProtoJSON, which for a message is an object, or another value for the well-known types. */
export type JsonObject = { readonly [name: string]: unknown };

/** Whether a value is a JSON object, so neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parses what the gateway sent. Fails with INTERNAL: a gateway of ours never sends anything else. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SluiceError(Code.INTERNAL, `the gateway sent something that is not JSON: ${excerpt(text)}`, {
      cause,
    });
  }
}

/** Writes a message. Fails with INVALID_ARGUMENT for what JSON cannot say (undefined, a cycle, a bigint). */
export function stringifyJson(value: unknown): string {
  let text: string | undefined;
  let cause: unknown;
  try {
    text = JSON.stringify(value);
  } catch (reason) {
    cause = reason;
  }
  if (text === undefined) {
    throw new SluiceError(Code.INVALID_ARGUMENT, 'the message cannot be written as JSON', { cause });
  }
  return text;
}

/** The first part of a text, for an error message. */
export function excerpt(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}
