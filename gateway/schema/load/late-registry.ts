import {
  createFileRegistry,
  type DescEnum,
  type DescExtension,
  type DescFile,
  type DescMessage,
  type DescService,
  type Registry,
} from '@bufbuild/protobuf';
import { nestedTypes } from '@bufbuild/protobuf/reflect';
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { baseFiles } from '../base/index.js';
import { SchemaError } from '../problem/index.js';
import { fileFromBytes } from './file-bytes.js';
import { emittedFile, repairFile, serviceFileName } from './link/index.js';
import type { ScannedFile, ScannedService, ScannedSet } from './scan/index.js';

type Desc = DescMessage | DescEnum | DescExtension | DescService;

/**
 * The types of a set whose files are read when the first of their types is asked for, with those that they use; and all that Sluice brings along.
 * A walk over it reads them one after the other. What it gives is the same as if all had been read at once, and stays the same.
 */
export class LateRegistry implements Registry {
  readonly kind = 'registry';
  /** What it is read from. */
  readonly set: ScannedSet;
  readonly #services = new Map<string, ScannedService>();
  readonly #extensions = new Map<string, ScannedFile>();
  /** By extendee and number. */
  readonly #extensionNumbers = new Map<string, string>();
  /** Of each file, what is in it by name, once it is read. */
  readonly #types = new Map<ScannedFile, ReadonlyMap<string, Desc>>();
  readonly #files = new Map<ScannedFile | string, DescFile>();
  readonly #serviceFiles = new Map<ScannedFile, DescFile>();
  /** As they are, while their services are still to be registered. */
  readonly #wholeFiles = new Map<ScannedFile, FileDescriptorProto>();
  /** Files as imports: without imports of their own, which nothing looks for through them. */
  readonly #imports = new Map<ScannedFile | string, DescFile>();

  constructor(set: ScannedSet) {
    this.set = set;
    for (const { services, extensions } of set.files) {
      for (const service of services) this.#services.set(service.fullName, service);
      for (const { fullName, file, extendee, number } of extensions) {
        this.#extensions.set(fullName, file);
        this.#extensionNumbers.set(`${extendee} ${number}`, fullName);
      }
    }
  }

  get(typeName: string): Desc | undefined {
    const file = this.set.types.get(typeName)?.file ?? this.#extensions.get(typeName);
    if (file !== undefined) return this.#typesOf(file).get(typeName);
    const service = this.#services.get(typeName);
    if (service === undefined) return baseFiles().registry.get(typeName);
    return this.#serviceFile(service.file).services.find((desc) => desc.typeName === typeName);
  }

  getMessage(typeName: string): DescMessage | undefined {
    const found = this.get(typeName);
    return found?.kind === 'message' ? found : undefined;
  }

  getEnum(typeName: string): DescEnum | undefined {
    const found = this.get(typeName);
    return found?.kind === 'enum' ? found : undefined;
  }

  getExtension(typeName: string): DescExtension | undefined {
    const found = this.get(typeName);
    return found?.kind === 'extension' ? found : undefined;
  }

  getExtensionFor(extendee: DescMessage, no: number): DescExtension | undefined {
    const own = this.#extensionNumbers.get(`${extendee.typeName} ${no}`);
    return own === undefined ? baseFiles().registry.getExtensionFor(extendee, no) : this.getExtension(own);
  }

  getService(typeName: string): DescService | undefined {
    const found = this.get(typeName);
    return found?.kind === 'service' ? found : undefined;
  }

  /** Without reading a file that has none. */
  *extensions(): IterableIterator<DescExtension> {
    for (const desc of baseFiles().registry)
      if (desc.kind === 'extension' && !this.#extensions.has(desc.typeName)) yield desc;
    for (const name of this.#extensions.keys()) yield this.getExtension(name) as DescExtension;
  }

  *[Symbol.iterator](): IterableIterator<Desc> {
    for (const desc of baseFiles().registry) {
      const isOwn =
        this.set.types.has(desc.typeName) ||
        this.#extensions.has(desc.typeName) ||
        this.#services.has(desc.typeName);
      if (!isOwn) yield desc;
    }
    for (const file of this.set.files) {
      // What counts as ours declares nothing.
      if (file.types.length + file.extensions.length > 0) yield* this.#typesOf(file).values();
      if (file.services.length > 0) yield* this.#serviceFile(file).services;
    }
  }

  #typesOf(file: ScannedFile): ReadonlyMap<string, Desc> {
    let types = this.#types.get(file);
    if (types === undefined) {
      types = new Map([...nestedTypes(this.#file(file))].map((desc) => [desc.typeName, desc]));
      this.#types.set(file, types);
    }
    return types;
  }

  #file(wanted: ScannedFile): DescFile {
    const known = this.#files.get(wanted);
    if (known !== undefined) return known;
    // Those behind it first, and not by recursion: a hostile set may be a chain of ten thousand files.
    const missing = new Set([wanted]);
    for (const { uses } of missing)
      for (const used of uses) if (typeof used !== 'string' && !this.#files.has(used)) missing.add(used);
    for (const file of [...missing].sort((one, other) => one.rank - other.rank)) {
      const proto = this.#protoOf(file);
      if (file.services.length > 0) this.#wholeFiles.set(file, proto);
      const { messageType, enumType, extension } = proto;
      const content = { messageType, enumType, extension };
      this.#files.set(file, this.#register(proto, file.emittedName, file.uses, content));
    }
    return this.#files.get(wanted) as DescFile;
  }

  #serviceFile(file: ScannedFile): DescFile {
    let made = this.#serviceFiles.get(file);
    if (made === undefined) {
      for (const used of file.serviceUses) if (typeof used !== 'string') this.#file(used);
      const proto = this.#wholeFiles.get(file) ?? this.#protoOf(file);
      this.#wholeFiles.delete(file);
      const { service } = proto;
      made = this.#register(proto, serviceFileName(file.name), file.serviceUses, { service });
      this.#serviceFiles.set(file, made);
    }
    return made;
  }

  #protoOf({ start, stop, name }: ScannedFile): FileDescriptorProto {
    const proto = fileFromBytes(this.set.bytes.subarray(start, stop));
    if (!('$typeName' in proto)) throw new SchemaError(`${name}: ${proto.reason}`);
    repairFile(proto);
    return proto;
  }

  #register(
    proto: FileDescriptorProto,
    name: string,
    uses: ReadonlySet<ScannedFile | string>,
    content: Parameters<typeof emittedFile>[3],
  ): DescFile {
    const used = new Map([...uses].map((each) => [this.#nameOf(each), each]));
    const file = emittedFile(proto, name, used.keys(), content);
    const imports = (wanted: string) => this.#import(used.get(wanted) as ScannedFile | string);
    try {
      const made = createFileRegistry(file, imports).getFile(name) as DescFile;
      const dependencies = [...used.values()].map((each) => this.#used(each));
      return Object.assign(made, { dependencies });
    } catch (cause) {
      throw new SchemaError(`${proto.name}: the descriptors are broken: ${(cause as Error).message}`, cause);
    }
  }

  #nameOf(used: ScannedFile | string): string {
    return typeof used === 'string' ? used : used.emittedName;
  }

  #used(used: ScannedFile | string): DescFile {
    const file = typeof used === 'string' ? baseFiles().registry.getFile(used) : this.#files.get(used);
    return file as DescFile;
  }

  #import(used: ScannedFile | string): DescFile {
    let known = this.#imports.get(used);
    if (known === undefined) {
      known = { ...this.#used(used), dependencies: [] };
      this.#imports.set(used, known);
    }
    return known;
  }
}
