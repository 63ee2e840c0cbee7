import type { Json, JsonObject } from '../schema/index.js';

/** An object of the members that are there. Names may be anything, `__proto__` too. */
export function members(
  ...entries: readonly (readonly [name: string, value: Json | undefined])[]
): JsonObject {
  return Object.fromEntries(entries.filter((entry) => entry[1] !== undefined)) as JsonObject;
}

/** A comment as a description, if there is one. */
export function described(...texts: readonly (string | undefined)[]): JsonObject {
  const text = texts.filter(Boolean).join('\n\n');
  return text === '' ? {} : { description: text };
}

/** A reference within a document: `~` and `/` have a spelling of their own. Source: RFC 6901. */
export function reference(...path: readonly string[]): JsonObject {
  const steps = path.map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1')));
  return { $ref: `#/${steps.join('/')}` };
}
