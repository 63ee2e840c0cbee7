import { create } from '@bufbuild/protobuf';
import {
  MethodDescriptorProtoSchema,
  MethodOptionsSchema,
  type ServiceDescriptorProto,
  ServiceDescriptorProtoSchema,
  ServiceOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import { type FileDraft, fullName, locate } from './draft.js';
import { readOption } from './option-value.js';

/** Reads `service Name { ... }` into `into`. */
export function parseService(
  draft: FileDraft,
  scope: string,
  path: number[],
  into: ServiceDescriptorProto[],
): void {
  const { reader } = draft;
  const start = reader.next();
  const proto = create(ServiceDescriptorProtoSchema, { name: reader.identifier('the name of a service') });
  into.push(proto);
  const name = fullName(scope, proto.name);
  reader.block(() => {
    if (reader.acceptWord('option')) {
      const option = readOption(reader);
      reader.expectSymbol(';');
      const target = () => (proto.options ??= create(ServiceOptionsSchema));
      draft.options.push({ ...option, scope: name, target });
    } else {
      parseMethod(draft, name, [...path, 2, proto.method.length], proto);
    }
  });
  locate(draft, path, start);
}

function parseMethod(draft: FileDraft, scope: string, path: number[], parent: ServiceDescriptorProto): void {
  const { reader } = draft;
  const start = reader.expectWord('rpc');
  const proto = create(MethodDescriptorProtoSchema, { name: reader.identifier('the name of a method') });
  parent.method.push(proto);
  const name = fullName(scope, proto.name);
  const readType = (set: (typeName: string) => void): boolean => {
    reader.expectSymbol('(');
    // Before anything but `)` it is the keyword, also in `stream.Type`: protoc and buf read it so.
    const stream = reader.isWord('stream') && !reader.isSymbol(')', 1);
    if (stream) reader.next();
    const at = reader.peek();
    const typeName = reader.qualifiedName('the name of a message');
    reader.expectSymbol(')');
    const resolve = (found: string) => set(`.${found}`);
    set(typeName);
    draft.references.push({ name: typeName, scope: name, at, wanted: 'message', resolve });
    return stream;
  };
  if (readType((typeName) => (proto.inputType = typeName))) proto.clientStreaming = true;
  reader.expectWord('returns');
  if (readType((typeName) => (proto.outputType = typeName))) proto.serverStreaming = true;
  if (reader.isSymbol('{')) {
    const target = () => (proto.options ??= create(MethodOptionsSchema));
    // protoc leaves an empty options message where there is an empty block.
    target();
    reader.block(() => {
      reader.expectWord('option');
      const option = readOption(reader);
      reader.expectSymbol(';');
      draft.options.push({ ...option, scope: name, target });
    });
  } else {
    reader.expectSymbol(';');
  }
  locate(draft, path, start);
}
