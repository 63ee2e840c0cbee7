import type { DescField, DescFile, DescMessage, DescService } from '@bufbuild/protobuf';

/** Numbers of fields in descriptor.proto, which paths in SourceCodeInfo are made of. */
const FILE_MESSAGE = 4;
const FILE_SERVICE = 6;
const MESSAGE_FIELD = 2;
const MESSAGE_NESTED = 3;
const SERVICE_METHOD = 2;

const read = new WeakMap<DescFile, ReadonlyMap<string, string>>();

/** The comment above a service; "" when the descriptors have none, as from most servers' reflection. */
export function serviceComment(service: DescService, method?: number): string {
  const path = [FILE_SERVICE, service.file.proto.service.indexOf(service.proto)];
  return commentAt(service.file, method === undefined ? path : [...path, SERVICE_METHOD, method]);
}

/** The comment above a field. */
export function fieldComment({ parent, proto }: DescField): string {
  return commentAt(parent.file, [...messagePath(parent), MESSAGE_FIELD, parent.proto.field.indexOf(proto)]);
}

function messagePath({ parent, proto, file }: DescMessage): number[] {
  if (parent === undefined) return [FILE_MESSAGE, file.proto.messageType.indexOf(proto)];
  return [...messagePath(parent), MESSAGE_NESTED, parent.proto.nestedType.indexOf(proto)];
}

/** Source: google.protobuf.SourceCodeInfo. Read once a file. */
function commentAt(file: DescFile, path: readonly number[]): string {
  let comments = read.get(file);
  if (comments === undefined) {
    const locations = file.proto.sourceCodeInfo?.location ?? [];
    comments = new Map(locations.map((location) => [location.path.join('.'), location.leadingComments]));
    read.set(file, comments);
  }
  const text = comments.get(path.join('.')) ?? '';
  return text
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .trim();
}
