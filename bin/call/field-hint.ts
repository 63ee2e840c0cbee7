import type { DescMessage } from '@bufbuild/protobuf';
import { nearest } from '../../gateway/options/index.js';
import { fieldNames } from '../../gateway/schema/index.js';

/** Of a message with many fields only the first are named. */
const MAX_NAMED = 12;

/** That a message has no such field, and which one was probably meant; where none is near, which there are. */
export function noFieldText(type: DescMessage, name: string): string {
  const problem = `${type.typeName} has no field ${JSON.stringify(name.slice(0, 100))}`;
  const meant = nearest(name, fieldNames(type).keys());
  if (meant !== undefined) return `${problem}, did you mean ${meant}?`;
  const names = type.fields.slice(0, MAX_NAMED).map((field) => field.name);
  const rest = type.fields.length > MAX_NAMED ? ', ...' : '';
  return names.length === 0 ? problem : `${problem}: it has ${names.join(', ')}${rest}`;
}
