import { createRegistry, type DescExtension, type DescMessage, type Registry } from '@bufbuild/protobuf';
import type { DescriptorProto, FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { baseFiles } from '../base/index.js';
import { ProblemList } from '../problem/index.js';
import type { OptionTypes } from '../source/index.js';
import { linkFiles } from './link/index.js';

/**
 * The types that options are made of. Extensions are looked for in the files that declare any, with what they import: these are few, and a large schema
 * linked for them alone would be linked twice. Types of an Any may be in all of them. Where `isSound` says no, names may be declared twice, and all are linked.
 */
export class LateOptionTypes implements OptionTypes {
  readonly #files: readonly FileDescriptorProto[];
  readonly #isSound: () => boolean;
  #extensions: Registry | undefined;
  #all: Registry | undefined;

  constructor(files: readonly FileDescriptorProto[], isSound: () => boolean) {
    this.#files = files;
    this.#isSound = isSound;
  }

  getExtension(typeName: string): DescExtension | undefined {
    this.#extensions ??= this.#isSound() ? linked(withExtensions(this.#files)) : this.#allTypes();
    return this.#extensions.getExtension(typeName);
  }

  getMessage(typeName: string): DescMessage | undefined {
    return this.#allTypes().getMessage(typeName);
  }

  #allTypes(): Registry {
    this.#all ??= linked(this.#files);
    return this.#all;
  }
}

function linked(files: readonly FileDescriptorProto[]): Registry {
  const { registry } = linkFiles(files, { problems: new ProblemList(), isExposed: () => false });
  return createRegistry(baseFiles().registry, registry);
}

/** The files that declare extensions, and what they import. */
function withExtensions(files: readonly FileDescriptorProto[]): FileDescriptorProto[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  const wanted = new Set(files.filter(({ extension, messageType }) => has(extension, messageType)));
  for (const { dependency } of wanted)
    for (const name of dependency) {
      const file = byName.get(name);
      if (file !== undefined) wanted.add(file);
    }
  return [...wanted];
}

function has(extensions: DescriptorProto['extension'], messages: readonly DescriptorProto[]): boolean {
  return extensions.length > 0 || messages.some(({ extension, nestedType }) => has(extension, nestedType));
}
