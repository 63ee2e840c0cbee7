import { type DescField, getOption, hasOption } from '@bufbuild/protobuf';
import { baseFiles } from '../base/index.js';
import { fieldComment } from './comments.js';

/** Of google.api.FieldBehavior. */
const REQUIRED = 2;
const OUTPUT_ONLY = 3;
const INPUT_ONLY = 4;

/** Only the service sets it: by `google.api.field_behavior`, or by its comment, which begins so where AIP-203 is followed. */
export function isOutputOnly(field: DescField): boolean {
  return /^output only\b/i.test(fieldComment(field)) || hasBehavior(field, OUTPUT_ONLY);
}

/** A request without it is refused by the service: by `google.api.field_behavior`. The gateway itself does not ask for it. */
export function isRequiredByService(field: DescField): boolean {
  return hasBehavior(field, REQUIRED);
}

/** No response has it: by `google.api.field_behavior`. */
export function isInputOnly(field: DescField): boolean {
  return hasBehavior(field, INPUT_ONLY);
}

function hasBehavior(field: DescField, behavior: number): boolean {
  const extension = baseFiles().registry.getExtension('google.api.field_behavior');
  if (extension === undefined || !hasOption(field, extension)) return false;
  try {
    const behaviors: unknown = getOption(field, extension);
    return Array.isArray(behaviors) && behaviors.includes(behavior);
  } catch {
    // Another extension under the same number.
    return false;
  }
}
