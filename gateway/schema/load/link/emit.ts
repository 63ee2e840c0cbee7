import { create, type DescService } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  type EnumDescriptorProto,
  EnumDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import { baseFiles, shareComments } from '../../base/index.js';
import { type FilePart, grouped } from './circles.js';
import type { Declaration } from './declaration.js';
import { type DeclarationTable, faultOfFile } from './declare.js';
import type { LinkedService } from './services.js';

/** Files that can be put into a registry as they are, and what of it is only there to keep the places of others. */
export interface EmittedFiles {
  readonly files: readonly FileDescriptorProto[];
  /** Full names of types without content. */
  readonly shells: ReadonlySet<string>;
}

/**
 * Files without what has a fault, each after those it needs. The given ones stay as they are. What is left out leaves an empty place, so
 * that the places of comments (google.protobuf.SourceCodeInfo) stay right. Services have files of their own, after all types.
 */
export function emitFiles(
  parts: readonly FilePart[],
  services: readonly LinkedService[],
  table: DeclarationTable,
): EmittedFiles {
  const emission = new Emission(table);
  for (const part of parts) emission.addPart(part);
  for (const [file, own] of grouped(services, (service) => service.file)) {
    // All their methods are left out.
    if (faultOfFile(file.proto) !== undefined) continue;
    const used = own.flatMap(({ uses }) => uses);
    emission.add(file.proto, serviceFileName(file.proto.name), used, {
      service: own.map(({ proto }) => proto),
    });
  }
  return { files: [...emission.baseFiles(), ...emission.files], shells: emission.shells };
}

/** What the name of a file of services ends with. */
const SERVICES = '#services';

/** Whether nothing in a message is left out or replaced: then the message itself will do. */
function isWhole(
  proto: DescriptorProto,
  inside: Pick<DescriptorProto, 'nestedType' | 'enumType' | 'extension'>,
): boolean {
  return (
    inside.nestedType.every((nested, at) => nested === proto.nestedType[at]) &&
    inside.enumType.every((own, at) => own === proto.enumType[at]) &&
    inside.extension.length === proto.extension.length
  );
}

/** The name of the file of the services that a file declares. */
export function serviceFileName(name: string): string {
  return `${name}${SERVICES}`;
}

/** The name of the given file that declares a service. */
export function fileOfService({ file }: DescService): string {
  return file.proto.name.slice(0, -SERVICES.length);
}

type Content = Partial<Pick<FileDescriptorProto, 'messageType' | 'enumType' | 'extension' | 'service'>>;

/** A file like that one, with another name and content, and the files that this content needs. */
export function emittedFile(
  proto: FileDescriptorProto,
  name: string,
  dependency: Iterable<string>,
  content: Content,
): FileDescriptorProto {
  const file = create(FileDescriptorProtoSchema, { ...content, name, dependency: [...dependency] });
  const { syntax, edition, options } = proto;
  file.package = proto.package;
  if (syntax !== '') file.syntax = syntax;
  if (syntax === 'editions') file.edition = edition;
  if (options !== undefined) file.options = options;
  shareComments(proto, file);
  return file;
}

class Emission {
  readonly files: FileDescriptorProto[] = [];
  readonly shells = new Set<string>();
  readonly #byProto: ReadonlyMap<object, Declaration>;
  readonly #byFile: ReadonlyMap<Declaration['file'], readonly Declaration[]>;
  readonly #byTop: ReadonlyMap<Declaration, readonly Declaration[]>;
  readonly #names = new Set(baseFiles().byName.keys());
  readonly #nameOf = new Map<Declaration, string>();
  readonly #baseNames = new Set<string>();
  #placeholders = 0;

  constructor({ byProto, given }: DeclarationTable) {
    this.#byProto = byProto;
    this.#byFile = grouped(given, ({ file }) => file);
    this.#byTop = grouped(given, ({ top }) => top);
  }

  /** A whole file, or the chosen top-level declarations, which may be of several files that say the same. */
  addPart([file, chosen]: FilePart): void {
    const { proto } = file;
    const name = this.#uniqueName(proto.name);
    const inside =
      chosen.length === 0
        ? (this.#byFile.get(file) ?? [])
        : chosen.flatMap((top) => this.#byTop.get(top) ?? []);
    for (const { top } of inside) this.#nameOf.set(top, name);
    const used = inside.flatMap(({ fault, uses }) => (fault === undefined ? uses : []));
    const content =
      chosen.length === 0
        ? proto
        : {
            messageType: chosen.flatMap((top) => (top.kind === 'message' ? [top.proto] : [])),
            enumType: chosen.flatMap((top) => (top.kind === 'enum' ? [top.proto] : [])),
            extension: chosen.flatMap((top) => (top.kind === 'extension' ? [top.proto] : [])),
          };
    this.add(proto, name, used, {
      messageType: content.messageType.map((message) => this.#message(message, proto.package)),
      enumType: content.enumType.map((own) => this.#enum(own, proto.package)),
      extension: content.extension.filter((own) => this.#isSound(own)),
    });
  }

  add(proto: FileDescriptorProto, name: string, used: readonly Declaration[], content: Content): void {
    const dependency = new Set<string>();
    for (const declaration of used) dependency.add(this.#dependencyOn(declaration));
    dependency.delete(name);
    this.files.push(emittedFile(proto, name, dependency, content));
  }

  /** Ours that are needed, imports first. */
  baseFiles(): FileDescriptorProto[] {
    const all = [...baseFiles().byName.values()];
    for (const file of all.toReversed()) {
      if (!this.#baseNames.has(file.name)) continue;
      for (const name of file.dependency) this.#baseNames.add(name);
    }
    return all.filter(({ name }) => this.#baseNames.has(name));
  }

  #dependencyOn({ file, top }: Declaration): string {
    if (!file.isBase) return this.#nameOf.get(top) ?? file.proto.name;
    this.#baseNames.add(file.proto.name);
    return file.proto.name;
  }

  #uniqueName(wanted: string): string {
    let name = wanted;
    for (let count = 2; this.#names.has(name); count += 1) name = `${wanted}#${count}`;
    this.#names.add(name);
    return name;
  }

  #isSound(proto: object): boolean {
    const declaration = this.#byProto.get(proto);
    return declaration !== undefined && declaration.fault === undefined;
  }

  #message(proto: DescriptorProto, outer: string): DescriptorProto {
    const declaration = this.#byProto.get(proto);
    // What is not declared is declared elsewhere, or has no name that can be; nothing in it is used.
    if (declaration === undefined) return create(DescriptorProtoSchema, { name: this.#placeholder(outer) });
    const fullName = declaration.scope.fullName;
    const inside = {
      nestedType: proto.nestedType.map((nested) => this.#message(nested, fullName)),
      enumType: proto.enumType.map((own) => this.#enum(own, fullName)),
      extension: proto.extension.filter((own) => this.#isSound(own)),
    };
    if (declaration.fault === undefined) {
      if (isWhole(proto, inside)) return proto;
      return Object.assign(Object.create(Object.getPrototypeOf(proto)), proto, inside) as DescriptorProto;
    }
    this.shells.add(fullName);
    return create(DescriptorProtoSchema, { name: proto.name, ...inside });
  }

  #enum(proto: EnumDescriptorProto, outer: string): EnumDescriptorProto {
    const declaration = this.#byProto.get(proto);
    if (declaration !== undefined && declaration.fault === undefined) return proto;
    if (declaration !== undefined) this.shells.add(declaration.scope.fullName);
    return create(EnumDescriptorProtoSchema, {
      name: declaration === undefined ? this.#placeholder(outer) : proto.name,
    });
  }

  #placeholder(outer: string): string {
    this.#placeholders += 1;
    const name = `LeftOut${this.#placeholders}`;
    this.shells.add(outer === '' ? name : `${outer}.${name}`);
    return name;
  }
}
