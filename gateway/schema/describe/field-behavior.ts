import { type DescField, getOption, hasOption } from '@bufbuild/protobuf';
import { baseFiles } from '../base/index.js';
import { fieldComment } from './comments.js';

/** google.api.FieldBehavior.OUTPUT_ONLY */
const OUTPUT_ONLY = 3;

/** Only the service sets it: by `google.api.field_behavior`, or by its comment, which begins so where AIP-203 is followed. */
export function isOutputOnly(field: DescField): boolean {
  if (/^output only\b/i.test(fieldComment(field))) return true;
  const extension = baseFiles().registry.getExtension('google.api.field_behavior');
  if (extension === undefined || !hasOption(field, extension)) return false;
  try {
    const behaviors: unknown = getOption(field, extension);
    return Array.isArray(behaviors) && behaviors.includes(OUTPUT_ONLY);
  } catch {
    // Another extension under the same number.
    return false;
  }
}
