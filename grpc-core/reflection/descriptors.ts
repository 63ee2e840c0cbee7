import { fromBinary } from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';

/** A descriptor set, by what reflection asks for. Names have no leading dot. */
export interface Descriptors {
  /** The file's descriptor bytes, then those of everything it imports, each once; `undefined` for an unknown file. */
  file(name: string): readonly Uint8Array[] | undefined;
  /** The file that defines a service, method, message, field, oneof, enum, enum value or extension. */
  fileOfSymbol(symbol: string): string | undefined;
  /** The file that extends a message with that number. */
  fileOfExtension(type: string, number: number): string | undefined;
  /** The extension numbers of a message, growing; `undefined` when there is no such message. */
  extensionNumbers(type: string): readonly number[] | undefined;
}

/**
 * Indexes a serialized `google.protobuf.FileDescriptorSet`. The files keep the very bytes they have in the set: decoding and encoding them
 * again would lose nothing today, but nobody would notice the day it does.
 */
export function indexDescriptors(descriptorSet: Uint8Array): Descriptors {
  const files = new Map<string, { readonly bytes: Uint8Array; readonly imports: readonly string[] }>();
  const symbols = new Map<string, string>();
  const messages = new Set<string>();
  const extensions = new Map<string, Map<number, string>>();

  for (const bytes of filesOf(descriptorSet)) addFile(bytes);

  function addFile(bytes: Uint8Array): void {
    const file = fromBinary(FileDescriptorProtoSchema, bytes);
    files.set(file.name, { bytes, imports: file.dependency });
    const scope = file.package === '' ? '' : `${file.package}.`;
    for (const message of file.messageType) addMessage(file, message, scope);
    for (const type of file.enumType) addEnum(file, type, scope);
    for (const extension of file.extension) addExtension(file, extension, scope);
    for (const service of file.service) {
      symbols.set(scope + service.name, file.name);
      for (const method of service.method) symbols.set(`${scope}${service.name}.${method.name}`, file.name);
    }
  }

  function addMessage(file: FileDescriptorProto, message: DescriptorProto, scope: string): void {
    const name = scope + message.name;
    symbols.set(name, file.name);
    messages.add(name);
    for (const field of message.field) symbols.set(`${name}.${field.name}`, file.name);
    for (const oneof of message.oneofDecl) symbols.set(`${name}.${oneof.name}`, file.name);
    for (const nested of message.nestedType) addMessage(file, nested, `${name}.`);
    for (const type of message.enumType) addEnum(file, type, `${name}.`);
    for (const extension of message.extension) addExtension(file, extension, `${name}.`);
  }

  function addEnum(file: FileDescriptorProto, type: EnumDescriptorProto, scope: string): void {
    symbols.set(scope + type.name, file.name);
    // As in C++, values are siblings of their enum, not its children.
    for (const value of type.value) symbols.set(scope + value.name, file.name);
  }

  function addExtension(file: FileDescriptorProto, extension: FieldDescriptorProto, scope: string): void {
    symbols.set(scope + extension.name, file.name);
    const type = extension.extendee.replace(/^\./, '');
    const numbers = extensions.get(type) ?? new Map<number, string>();
    extensions.set(type, numbers.set(extension.number, file.name));
  }

  function collect(name: string, found: Map<string, Uint8Array>): void {
    const file = files.get(name);
    if (file === undefined || found.has(name)) return;
    found.set(name, file.bytes);
    for (const imported of file.imports) collect(imported, found);
  }

  return {
    file(name) {
      if (!files.has(name)) return undefined;
      const found = new Map<string, Uint8Array>();
      collect(name, found);
      return [...found.values()];
    },
    fileOfSymbol: (symbol) => symbols.get(symbol),
    fileOfExtension: (type, number) => extensions.get(type)?.get(number),
    extensionNumbers(type) {
      if (!messages.has(type)) return undefined;
      return [...(extensions.get(type)?.keys() ?? [])].sort((a, b) => a - b);
    },
  };
}

/** Field 1 of a FileDescriptorSet, each as the bytes it has there. */
function* filesOf(descriptorSet: Uint8Array): Generator<Uint8Array> {
  const reader = new BinaryReader(descriptorSet);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1) yield reader.bytes();
    else reader.skip(type, field);
  }
}
