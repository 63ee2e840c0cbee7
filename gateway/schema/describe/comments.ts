import type { DescEnum, DescField, DescFile, DescMessage, DescService } from '@bufbuild/protobuf';

/** Numbers of fields in descriptor.proto, which paths in SourceCodeInfo are made of. */
const FILE_MESSAGE = 4;
const FILE_ENUM = 5;
const FILE_SERVICE = 6;
const MESSAGE_FIELD = 2;
const MESSAGE_NESTED = 3;
const MESSAGE_ENUM = 4;
const ENUM_VALUE = 2;
const SERVICE_METHOD = 2;

const read = new WeakMap<DescFile, ReadonlyMap<string, string>>();
const indexes = new WeakMap<readonly object[], ReadonlyMap<object, number>>();

/** The comment above a service; "" when the descriptors have none, as from most servers' reflection. */
export function serviceComment(service: DescService, method?: number): string {
  const path = [FILE_SERVICE, indexIn(service.file.proto.service, service.proto)];
  return commentAt(service.file, method === undefined ? path : [...path, SERVICE_METHOD, method]);
}

/** The comment above a field, or without one what stands behind it. */
export function fieldComment({ parent, proto }: DescField): string {
  return commentAt(parent.file, [...messagePath(parent), MESSAGE_FIELD, indexIn(parent.proto.field, proto)]);
}

/** The comment above a message. */
export function messageComment(message: DescMessage): string {
  return commentAt(message.file, messagePath(message));
}

/** The comment above an enum or one of its values, or without one what stands behind it. */
export function enumComment({ file, parent, proto }: DescEnum, value?: number): string {
  const path =
    parent === undefined
      ? [FILE_ENUM, indexIn(file.proto.enumType, proto)]
      : [...messagePath(parent), MESSAGE_ENUM, indexIn(parent.proto.enumType, proto)];
  return commentAt(file, value === undefined ? path : [...path, ENUM_VALUE, value]);
}

function messagePath({ parent, proto, file }: DescMessage): number[] {
  if (parent === undefined) return [FILE_MESSAGE, indexIn(file.proto.messageType, proto)];
  return [...messagePath(parent), MESSAGE_NESTED, indexIn(parent.proto.nestedType, proto)];
}

/** `list.indexOf(item)`, worked out once a list: a service may declare tens of thousands of types, and each is asked for. */
function indexIn(list: readonly object[], item: object): number {
  let places = indexes.get(list);
  if (places === undefined) {
    places = new Map(list.map((one, index) => [one, index]));
    indexes.set(list, places);
  }
  return places.get(item) ?? -1;
}

/** Source: google.protobuf.SourceCodeInfo. Read once a file. */
function commentAt(file: DescFile, path: readonly number[]): string {
  let comments = read.get(file);
  if (comments === undefined) {
    const locations = file.proto.sourceCodeInfo?.location ?? [];
    comments = new Map(
      locations.map(({ path, leadingComments, trailingComments }) => [
        path.join('.'),
        leadingComments || trailingComments,
      ]),
    );
    read.set(file, comments);
  }
  const text = comments.get(path.join('.')) ?? '';
  return text
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .trim();
}
