import {
  type DescEnum,
  type DescExtension,
  type DescFile,
  type DescMessage,
  type DescService,
  toBinary,
} from '@bufbuild/protobuf';
import { nestedTypes } from '@bufbuild/protobuf/reflect';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import type { Steps } from '../../async/index.js';

/** The files of a schema by what server reflection asks for. Names have no leading dot. Each file is encoded once. */
export class FileIndex {
  readonly #files = new Map<string, DescFile>();
  readonly #types = new Map<string, DescMessage | DescEnum | DescExtension | DescService>();
  readonly #encoded = new Map<DescFile, Uint8Array>();
  /** Of extensions, by message. */
  #extensions: Map<string, Map<number, DescFile>> | undefined;

  /** `files`: all of them, with what they import; of a name and of a type the last one counts. */
  static *steps(files: Iterable<DescFile>): Steps<FileIndex> {
    const index = new FileIndex();
    for (const file of files) {
      index.#files.set(file.proto.name, file);
      for (const type of nestedTypes(file)) index.#types.set(type.typeName, type);
      yield;
    }
    return index;
  }

  byName(name: string): DescFile | undefined {
    return this.#files.get(name);
  }

  /** The file that declares a service, a method, a message, a field, an enum, a value of one, or an extension. */
  bySymbol(symbol: string): DescFile | undefined {
    return this.#types.get(symbol)?.file ?? this.#byMember(symbol);
  }

  byExtension(type: string, number: number): DescFile | undefined {
    return this.#extensionsOf(type)?.get(number);
  }

  /** The numbers of a message's extensions, growing; `undefined`: there is no such message. */
  extensionNumbers(type: string): readonly number[] | undefined {
    if (this.#types.get(type)?.kind !== 'message') return undefined;
    return [...(this.#extensionsOf(type)?.keys() ?? [])].sort((one, other) => one - other);
  }

  /** The bytes of a file, then those of everything that it imports, each once. */
  withImports(root: DescFile): Uint8Array[] {
    const found = new Set<DescFile>([root]);
    // A set goes on to what is added to it.
    for (const file of found)
      for (const imported of file.dependencies) found.add(this.byName(imported.proto.name) ?? imported);
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
    const owner = this.#types.get(symbol.slice(0, dot));
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
      for (const desc of this.#types.values()) {
        if (desc.kind !== 'extension') continue;
        const name = desc.extendee.typeName;
        const numbers = this.#extensions.get(name) ?? new Map<number, DescFile>();
        this.#extensions.set(name, numbers.set(desc.number, desc.file));
      }
    }
    return this.#extensions.get(type);
  }
}
