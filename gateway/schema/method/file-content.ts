import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';

const HTTP_BODY = 'google.api.HttpBody';

/** Where in a message the content of a file is. */
export interface FileContent {
  /** From the message down to the `bytes` field: one step, or two through a field that is a google.api.HttpBody. */
  readonly path: readonly DescField[];
  /** The field beside it that holds the media type; of google.api.HttpBody only. */
  readonly mediaType: DescField | undefined;
  /** The schema says that it is a file, by `(sluice.v1.file)` or google.api.HttpBody: a rule's path speaks bytes unless asked otherwise. */
  readonly declared: boolean;
}

/** The file that a whole message is: the field of google.api.HttpBody or the one that `named` names, else its only singular `bytes` field. */
export function contentOfMessage(message: DescMessage, named: string | undefined): FileContent | undefined {
  const fields = message.fields.filter(isBytes);
  const byName = fields.find(({ name }) => name === named);
  if (byName !== undefined) return { path: [byName], mediaType: undefined, declared: true };
  if (message.typeName === HTTP_BODY) return httpBodyContent(message, []);
  const [only] = fields;
  return only && fields.length === 1 ? { path: [only], mediaType: undefined, declared: false } : undefined;
}

/**
 * The file that a rule's body is: all of the message, a field that is a google.api.HttpBody, or a single `bytes` field. `whole` is that of
 * the message. Undefined for every other field, and where the path sets something within it.
 */
export function contentOfBody(
  body: '*' | DescField | undefined,
  whole: FileContent | undefined,
  variables: readonly { readonly fieldPath: readonly DescField[] }[] = [],
): FileContent | undefined {
  if (body === undefined || body === '*') return whole;
  if (variables.some(({ fieldPath: [first] }) => first === body)) return undefined;
  // A group has an end behind the data, which is sent as it comes.
  if (body.fieldKind === 'message' && body.message.typeName === HTTP_BODY && !body.delimitedEncoding) {
    return httpBodyContent(body.message, [body]);
  }
  if (!isBytes(body)) return undefined;
  return { path: [body], mediaType: undefined, declared: whole?.declared === true && whole.path[0] === body };
}

function httpBodyContent({ field }: DescMessage, outer: readonly DescField[]): FileContent | undefined {
  const { data, contentType } = field;
  if (data === undefined || !isBytes(data)) return undefined;
  return { path: [...outer, data], mediaType: contentType, declared: true };
}

function isBytes(field: DescField): boolean {
  return field.fieldKind === 'scalar' && field.scalar === ScalarType.BYTES;
}
