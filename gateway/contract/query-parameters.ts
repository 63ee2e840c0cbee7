import type { DescField, DescMessage } from '@bufbuild/protobuf';
import {
  fieldComment,
  fieldNames,
  isOutputOnly,
  isTextMessage,
  isWholeValue,
  type JsonObject,
} from '../schema/index.js';
import { described, members } from './json-pieces.js';
import type { TypeSchemas } from './type-schemas.js';
import { isRequired } from './used-types.js';

/** The query parameter that is the gateway's own, and hides a field of that name. */
export const CURSOR_PARAMETER = 'lastEventId';

/** So many parameters of an operation are listed: a request may have fields without end. */
const MAX_PARAMETERS = 100;
/** So many messages are looked into for them. */
const MAX_LEVELS = 100;

/** A message whose fields are still to be listed. */
interface Level {
  readonly message: DescMessage;
  /** The fields down to it, by names in the .proto file, and as the document spells them. */
  readonly path: string;
  readonly name: string;
  readonly outer: readonly DescMessage[];
}

/**
 * The query parameters that set the fields of a request: scalars, enums, lists of them, maps as `labels[key]`, and fields of messages with dots.
 * `bound` are the fields that come in another way. Those nearest to the request come first; a type within itself is not gone into.
 */
export function queryParameters(
  input: DescMessage,
  bound: readonly (readonly DescField[])[],
  schemas: TypeSchemas,
): JsonObject[] {
  const taken = new Set(bound.map((fields) => fields.map(({ name }) => name).join('.')));
  const parameters: JsonObject[] = [];
  const levels: Level[] = [{ message: input, path: '', name: '', outer: [] }];
  for (const { message, path, name, outer } of levels) {
    for (const field of message.fields) {
      if (parameters.length === MAX_PARAMETERS) return parameters;
      const own = `${path}${field.name}`;
      const spelled = `${name}${spellingOf(field)}`;
      if (taken.has(own) || spelled === CURSOR_PARAMETER || isOutputOnly(field)) continue;
      const inner = field.fieldKind === 'message' ? field.message : undefined;
      if (inner !== undefined && !isTextMessage(inner)) {
        const within = [...outer, message];
        if (isWholeValue(inner) || within.includes(inner) || levels.length === MAX_LEVELS) continue;
        levels.push({ message: inner, path: `${own}.`, name: `${spelled}.`, outer: within });
      } else if (field.message === undefined || isTextMessage(field.message)) {
        parameters.push(parameterOf(field, spelled, path === '', schemas));
      }
    }
  }
  return parameters;
}

/** A name in the .proto file goes before the JSON name of another field. */
function spellingOf(field: DescField): string {
  return fieldNames(field.parent).get(field.jsonName) === field ? field.jsonName : field.name;
}

function parameterOf(field: DescField, name: string, isTop: boolean, schemas: TypeSchemas): JsonObject {
  const rivals =
    field.oneof === undefined || field.oneof.fields.length < 2 ? '' : `One of "${field.oneof.name}".`;
  return {
    name,
    in: 'query',
    ...members(
      // Within a message only where the message is there.
      ['required', isTop && isRequired(field, 'request') ? true : undefined],
      ['deprecated', field.deprecated ? true : undefined],
    ),
    ...described(fieldComment(field), rivals),
    ...(field.fieldKind === 'map' ? { style: 'deepObject', explode: true } : {}),
    schema: schemas.ofParameter(field),
  };
}
