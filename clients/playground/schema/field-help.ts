import type { DescEnum, DescField, DescFile, DescMessage } from '@bufbuild/protobuf';

/** Numbers of fields in descriptor.proto, which paths in SourceCodeInfo are made of. */
const FILE_MESSAGE = 4;
const FILE_ENUM = 5;
const MESSAGE_FIELD = 2;
const MESSAGE_NESTED = 3;
const MESSAGE_ENUM = 4;
const ENUM_VALUE = 2;

/** The number of the field option `google.api.field_behavior`, and of its values. Source: google/api/field_behavior.proto. */
const FIELD_BEHAVIOR = 1052;
const REQUIRED = 2;
const OUTPUT_ONLY = 3;
const LENGTH_DELIMITED = 2;

const comments = new WeakMap<DescFile, ReadonlyMap<string, string>>();

/** The comment of a field: above it, or behind it. "" for none. */
export function helpOfField(field: DescField): string {
  const { parent, proto } = field;
  return commentAt(parent.file, [...pathOfMessage(parent), MESSAGE_FIELD, parent.proto.field.indexOf(proto)]);
}

/** The comment of the value of an enum. */
export function helpOfEnumValue(type: DescEnum, value: number): string {
  const { file, parent, proto } = type;
  const path =
    parent === undefined
      ? [FILE_ENUM, file.proto.enumType.indexOf(proto)]
      : [...pathOfMessage(parent), MESSAGE_ENUM, parent.proto.enumType.indexOf(proto)];
  return commentAt(file, [...path, ENUM_VALUE, value]);
}

/** A request without it is refused by the service: `google.api.field_behavior`, or `required` of proto2. */
export function isRequiredField(field: DescField): boolean {
  return behaviorsOf(field).includes(REQUIRED) || isLegacyRequired(field);
}

/** Only the service sets it: `google.api.field_behavior`, or a comment that begins so, as AIP-203 asks. */
export function isSetByService(field: DescField): boolean {
  return behaviorsOf(field).includes(OUTPUT_ONLY) || /^output only\b/i.test(helpOfField(field));
}

/** A value that must not be kept: the option `debug_redact`, or a name that says so. */
export function isSecretField(field: DescField): boolean {
  return field.proto.options?.debugRedact === true || isSecretName(field.name);
}

const SECRET =
  /(?:^|_)(?:passwords?|passwd|passphrase|pin|secrets?|tokens?|api_?keys?|private_?keys?|credentials?|authorization|cookies?)$/;

/** A name such as `api_key`, `apiKey` or `X-Token`. */
export function isSecretName(name: string): boolean {
  const snake = name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll('-', '_');
  return SECRET.test(snake.toLowerCase());
}

function isLegacyRequired({ presence }: DescField): boolean {
  return presence === 3;
}

/** The option is an extension: as long as its file is not known, it is bytes among the unknown fields, packed or not. */
function behaviorsOf({ proto }: DescField): number[] {
  const found: number[] = [];
  for (const { no, wireType, data } of proto.options?.$unknown ?? []) {
    if (no !== FIELD_BEHAVIOR) continue;
    // All values are below 128, so each is one byte; a packed list has its length first.
    for (const value of wireType === LENGTH_DELIMITED ? data.subarray(1) : data) found.push(value);
  }
  return found;
}

function pathOfMessage({ parent, proto, file }: DescMessage): number[] {
  if (parent === undefined) return [FILE_MESSAGE, file.proto.messageType.indexOf(proto)];
  return [...pathOfMessage(parent), MESSAGE_NESTED, parent.proto.nestedType.indexOf(proto)];
}

/** Source: google.protobuf.SourceCodeInfo. Read once a file. */
function commentAt(file: DescFile, path: readonly number[]): string {
  let known = comments.get(file);
  if (known === undefined) {
    known = new Map(
      (file.proto.sourceCodeInfo?.location ?? []).map((location) => [
        location.path.join('.'),
        location.leadingComments || location.trailingComments,
      ]),
    );
    comments.set(file, known);
  }
  const lines = (known.get(path.join('.')) ?? '')
    .split('\n')
    .map((line) => line.trim())
    // A line that parts the fields says nothing of this one.
    .filter((line) => !/^[-=*]{3}.*[-=*]{3}$/.test(line));
  return lines.join('\n').trim();
}
