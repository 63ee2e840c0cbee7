import type { DescExtension, DescMessage, Registry } from '@bufbuild/protobuf';
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';

/** The extensions and messages that options are made of, by full name. */
export type OptionTypes = Pick<Registry, 'getExtension' | 'getMessage'>;

/** A file as far as it is known. */
export interface KnownFile {
  readonly name: string;
  readonly dependency: readonly string[];
  /** Whether it declares an extension anywhere. */
  readonly isExtending: boolean;
  descriptor(): FileDescriptorProto;
}

/** How often types are made while files are still to come: each time it takes all that are known. */
const MAX_TIMES = 16;

/**
 * Makes the types of options when an option wants them. Extensions are looked for in the files that declare any, with what they import: these are few, and a
 * large schema linked for them alone would be linked twice. Types of an Any may be in all of them.
 */
export class OptionRegistry {
  readonly #known = new Map<string, KnownFile>();
  readonly #typesOf: (files: readonly FileDescriptorProto[]) => OptionTypes;
  readonly #isSound: () => boolean;
  readonly #included = new Set<string>();
  #times = 0;
  #extensions: OptionTypes | undefined;
  #all: OptionTypes | undefined;

  /** Where `isSound` says no, names may be declared twice, and all files are taken together. */
  constructor(typesOf: (files: readonly FileDescriptorProto[]) => OptionTypes, isSound: () => boolean) {
    this.#typesOf = typesOf;
    this.#isSound = isSound;
  }

  /** Files come after those that they import. */
  add(file: KnownFile): void {
    this.#known.set(file.name, file);
  }

  /** Whether the extensions of files can be had before all files are known. */
  isReady(files: Iterable<string>): boolean {
    if (!this.#isSound()) return false;
    if (this.#times < MAX_TIMES) return true;
    for (const name of files)
      if (this.#known.get(name)?.isExtending === true && !this.#included.has(name)) return false;
    return true;
  }

  extension(fullName: string, file: string): DescExtension | undefined {
    if (!this.#isSound()) return this.#allTypes().getExtension(fullName);
    if (this.#extensions === undefined || !this.#included.has(file)) {
      this.#times += 1;
      this.#extensions = this.#typesOf(this.#extending().map((known) => known.descriptor()));
    }
    return this.#extensions.getExtension(fullName);
  }

  /** To be asked when all files are known. */
  message(fullName: string): DescMessage | undefined {
    return this.#allTypes().getMessage(fullName);
  }

  #allTypes(): OptionTypes {
    this.#all ??= this.#typesOf([...this.#known.values()].map((known) => known.descriptor()));
    return this.#all;
  }

  /** The files that declare extensions, and what they import. */
  #extending(): KnownFile[] {
    const all = [...this.#known.values()];
    const wanted = new Set(all.filter(({ isExtending }) => isExtending));
    for (const { dependency } of wanted) {
      for (const name of dependency) {
        const imported = this.#known.get(name);
        if (imported !== undefined) wanted.add(imported);
      }
    }
    for (const { name } of wanted) this.#included.add(name);
    return all.filter((file) => wanted.has(file));
  }
}
