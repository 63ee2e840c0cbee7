import { z } from 'zod';
import { didYouMean } from '../../options/index.js';

/** More keys than these would make an error longer than anybody reads. */
const MAX_LISTED_KEYS = 12;

/** A map that takes its keys and no others, and names the one that was probably meant. */
export function object<Shape extends z.ZodRawShape>(shape: Shape) {
  // Not the key that is for editors.
  const allowed = Object.keys(shape).filter((name) => !name.startsWith('$'));
  const list =
    allowed.length > MAX_LISTED_KEYS
      ? 'docs/configuration.md lists what is allowed here'
      : `allowed here: ${allowed.join(', ')}`;
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') {
        return `must be a map${allowed.length > MAX_LISTED_KEYS ? ' of options' : ` with ${allowed.join(', ')}`}`;
      }
      return `is unknown${didYouMean(String(issue.keys[0]), allowed)}; ${list}`;
    },
  });
}
