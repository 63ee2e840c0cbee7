import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { RpcError } from '../../status/index.js';
import type { HttpBinding, Json } from '../method/index.js';
import { fieldNames, isWholeValue } from './parameter-name.js';

/**
 * What the paths of one mask may come to, in bytes. Deep messages in deep messages would make a mask that is many times as large as
 * the body; nobody means that.
 */
const MAX_MASK_BYTES = 1024 * 1024;

/**
 * The mask that a PATCH fills from its body: the only google.protobuf.FieldMask of the request, where the body is another field, a
 * single message. Source: grpc-gateway, "Patch feature".
 */
export function patchMask(input: DescMessage, body: HttpBinding['body']): DescField | undefined {
  if (typeof body !== 'object' || body.fieldKind !== 'message' || isWholeValue(body.message))
    return undefined;
  const masks = input.fields.filter(({ message }) => message?.typeName === 'google.protobuf.FieldMask');
  const [only] = masks;
  return masks.length === 1 && only?.fieldKind === 'message' && only !== body ? only : undefined;
}

/**
 * The paths of what a JSON body of this type says, sorted: proto names with dots between them. A null is said as well. What no path can go
 * into is one: a list, a map, a well-known type. The body must be the ProtoJSON of the type. Throws `RpcError` INVALID_ARGUMENT when it
 * names an extension, which no path can.
 */
export function maskOfBody(type: DescMessage, body: Json): string[] {
  const paths: string[] = [];
  let bytes = 0;
  const open: { readonly type: DescMessage; readonly json: Json; readonly path: string }[] = [
    { type, json: body, path: '' },
  ];
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    for (const [name, json] of Object.entries(top.json ?? {})) {
      const field = fieldNames(top.type).get(name);
      if (field === undefined) {
        throw new RpcError(
          'INVALID_MESSAGE',
          `"${name.slice(0, 100)}" cannot be named in a field mask: send the mask in the request`,
        );
      }
      const path = top.path === '' ? field.name : `${top.path}.${field.name}`;
      const isParent =
        field.fieldKind === 'message' &&
        !isWholeValue(field.message) &&
        isObject(json) &&
        Object.keys(json).length > 0;
      if (isParent) open.push({ type: field.message, json, path });
      else {
        bytes += path.length;
        paths.push(path);
      }
      if (bytes > MAX_MASK_BYTES) {
        throw new RpcError('INVALID_MESSAGE', 'the body has more fields than a mask may name: send the mask');
      }
    }
  }
  return paths.sort();
}

function isObject(json: Json): boolean {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
