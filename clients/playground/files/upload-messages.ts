import {
  create,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonObject,
  toBinary,
} from '@bufbuild/protobuf';
import { memberOf } from '../json/field-shape.js';

/** Makes the messages of an upload, encoded. */
export interface UploadMessages {
  /** What goes before the data in a message of its own; undefined where the first one with data carries it. */
  readonly head: Uint8Array | undefined;
  /** The next message: the first one has what the form says as well. */
  next(data: Uint8Array): Uint8Array;
}

/**
 * The messages of a file, as the gateway makes them of a body (PROTOCOL.md, section 9): what the form says goes into the first one, or before it where it excludes the data. Numbers and
 * booleans of the form are left out: in a message of a stream they count chunks, and mark the last one. Throws for a form that is no message of the type.
 * `path`: where the bytes are, names of fields with dots between. `mediaType`: of the file; "" where it is not known.
 */
export function createUploadMessages(
  type: DescMessage,
  path: string,
  request: Readonly<Record<string, unknown>>,
  mediaType: string,
): UploadMessages {
  const fields = fieldsOfPath(type, path);
  const [first] = fields;
  const without = first === undefined ? undefined : memberOf(first, request);
  const said = Object.entries(request).filter(
    ([name, value]) => name !== without && typeof value !== 'number' && typeof value !== 'boolean',
  );
  const head = fromJson(type, Object.fromEntries(said) as JsonObject);
  const isApart = first?.oneof !== undefined && said.length > 0;
  let around: typeof head | undefined = isApart ? undefined : head;
  let media = mediaType;
  return {
    head: isApart ? toBinary(type, head) : undefined,
    next(data) {
      const message = around ?? create(type);
      around = undefined;
      put(message, fields, data, media);
      media = '';
      return toBinary(type, message);
    },
  };
}

/** Throws where the types of the page are others than those of the gateway. */
function fieldsOfPath(type: DescMessage, path: string): DescField[] {
  const fields: DescField[] = [];
  let within: DescMessage | undefined = type;
  for (const name of path.split('.')) {
    const found: DescField | undefined = within?.fields.find((field) => field.name === name);
    if (found === undefined) throw new Error(`${type.typeName} has no field ${path}: load the page again`);
    fields.push(found);
    within = found.message;
  }
  return fields;
}

type Members = Record<string, unknown>;

function put(message: object, fields: readonly DescField[], data: Uint8Array, mediaType: string): void {
  let within = message as Members;
  for (const field of fields) {
    const value = field.message === undefined ? data : create(field.message);
    const last = field.message === undefined;
    if (last && field.parent.typeName === 'google.api.HttpBody' && mediaType !== '')
      within.contentType = mediaType;
    if (field.oneof === undefined) within[field.localName] = value;
    else within[field.oneof.localName] = { case: field.localName, value };
    if (!last) within = value as unknown as Members;
  }
}
