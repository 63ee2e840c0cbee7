import {
  createFileRegistry,
  type DescFile,
  type FileRegistry,
  fromBinary,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

/** The files of a schema by what server reflection asks for. Names have no leading dot. Each file is encoded once. */
export class FileIndex {
  readonly #registry: FileRegistry;
  readonly #encoded = new Map<DescFile, Uint8Array>();
  /** Of extensions, by message. */
  #extensions: Map<string, Map<number, DescFile>> | undefined;

  /** `descriptorSet`: a google.protobuf.FileDescriptorSet with all that its files import. */
  constructor(descriptorSet: Uint8Array) {
    this.#registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  }

  byName(name: string): DescFile | undefined {
    return this.#registry.getFile(name);
  }

  /** The file that declares a service, a method, a message, a field, an enum, a value of one, or an extension. */
  bySymbol(symbol: string): DescFile | undefined {
    return this.#registry.get(symbol)?.file ?? this.#byMember(symbol);
  }

  byExtension(type: string, number: number): DescFile | undefined {
    return this.#extensionsOf(type)?.get(number);
  }

  /** The numbers of a message's extensions, growing; `undefined`: there is no such message. */
  extensionNumbers(type: string): readonly number[] | undefined {
    if (this.#registry.getMessage(type) === undefined) return undefined;
    return [...(this.#extensionsOf(type)?.keys() ?? [])].sort((one, other) => one - other);
  }

  /** The bytes of a file, then those of everything that it imports, each once. */
  withImports(root: DescFile): Uint8Array[] {
    const found = new Set<DescFile>([root]);
    // A set goes on to what is added to it.
    for (const file of found) for (const imported of file.dependencies) found.add(imported);
    return [...found].map((file) => this.#bytesOf(file));
  }

  #bytesOf(file: DescFile): Uint8Array {
    let bytes = this.#encoded.get(file);
    if (bytes === undefined) {
      bytes = toBinary(FileDescriptorProtoSchema, file.proto);
      this.#encoded.set(file, bytes);
    }
    return bytes;
  }

  #byMember(symbol: string): DescFile | undefined {
    const dot = symbol.lastIndexOf('.');
    if (dot === -1) return undefined;
    const owner = this.#registry.get(symbol.slice(0, dot));
    const name = symbol.slice(dot + 1);
    const has = (members: readonly { readonly name: string }[]) =>
      members.some((member) => member.name === name);
    switch (owner?.kind) {
      case 'service':
        return has(owner.methods) ? owner.file : undefined;
      case 'message':
        return has(owner.members) || has(owner.nestedEnums.flatMap(({ values }) => values))
          ? owner.file
          : undefined;
      case 'enum':
        return has(owner.values) ? owner.file : undefined;
      default:
        return undefined;
    }
  }

  #extensionsOf(type: string): ReadonlyMap<number, DescFile> | undefined {
    if (this.#extensions === undefined) {
      this.#extensions = new Map();
      for (const desc of this.#registry) {
        if (desc.kind !== 'extension') continue;
        const name = desc.extendee.typeName;
        const numbers = this.#extensions.get(name) ?? new Map<number, DescFile>();
        this.#extensions.set(name, numbers.set(desc.number, desc.file));
      }
    }
    return this.#extensions.get(type);
  }
}
