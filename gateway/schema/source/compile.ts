import { create, createFileRegistry, toBinary } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { baseFiles, fileWithLateComments } from '../base/index.js';
import { SchemaError } from '../problem/index.js';
import { FileDraft } from './draft.js';
import { checkEnumDefaults } from './enum-defaults.js';
import { hasAny, interpretOption, isPlainOption } from './interpret.js';
import { linkDraft, type MissingType } from './link.js';
import { OptionRegistry, type OptionTypes } from './option-registry.js';
import type { OptionsDraft, PendingOption } from './options-draft.js';
import { type InputFile, SymbolTable } from './symbol-table.js';
import { fileBytes } from './write-file.js';

/** What to do where files are not whole, or not right. */
export interface Tolerance {
  /** Hears of what is wrong; it is then left out, or left as it was written. */
  report(file: string, error: SchemaError): void;
  /** The name is left as it is. */
  readonly missing: MissingType;
  /** The types of files, as far as they can be linked. Imports come first. */
  typesOf(files: readonly FileDescriptorProto[]): OptionTypes;
}

const STRICT: Tolerance = {
  report(_file, error) {
    throw error;
  },
  missing(_name, _scope, error) {
    throw error;
  },
  typesOf: (files) => {
    try {
      return createFileRegistry(create(FileDescriptorSetSchema, { file: [...files] }));
    } catch (error) {
      throw new SchemaError(error instanceof Error ? error.message : String(error), error);
    }
  },
};

/** One that is interpreted when the types of extensions are known. */
interface LaterOption {
  readonly options: OptionsDraft;
  readonly option: PendingOption;
}

/**
 * Makes complete descriptors of drafts. Each becomes bytes as soon as what it imports is known, and is let go of: all of a large schema together would take
 * several times the memory of its bytes. Throws `SchemaError` naming file and line, unless its tolerance says what to do instead.
 */
export class Compiler {
  readonly #tolerance: Tolerance;
  readonly #table: SymbolTable;
  readonly #registry: OptionRegistry;
  readonly #files = new Map<string, InputFile | Uint8Array>();
  readonly #waiting: { readonly draft: FileDraft; readonly later: readonly LaterOption[] }[] = [];
  #isSound = true;

  constructor(tolerance: Tolerance = STRICT) {
    this.#tolerance = tolerance;
    this.#table = new SymbolTable((file, error) => this.#report(file, error));
    this.#registry = new OptionRegistry(
      (files) => tolerance.typesOf(files),
      () => this.#isSound,
    );
  }

  /** Takes what a file declares, once; what `finish` does as well. To be called before for a file that is imported in a circle. */
  declare(file: InputFile): void {
    if (this.#files.has(file.name)) return;
    for (const name of file.dependency) {
      const base = this.#files.has(name) ? undefined : baseFiles().byName.get(name);
      if (base !== undefined) this.declare(base);
    }
    this.#files.set(file.name, file);
    this.#table.declare(file);
    if (!(file instanceof FileDraft)) this.#know(file);
  }

  /** Makes the descriptor of a draft, which is used up. The drafts that it imports must be finished, but for those in a circle. */
  finish(draft: FileDraft): void {
    this.declare(draft);
    linkDraft(draft, this.#table, (...problem) => {
      this.#isSound = false;
      this.#tolerance.missing(...problem);
    });
    const later: LaterOption[] = [];
    for (const options of draft.optioned) {
      for (const option of options.pending) {
        // First what needs no extension: how the extensions themselves are encoded depends on it (features, packed).
        if (isPlainOption(option)) this.#interpret(draft, options, option);
        else later.push({ options, option });
      }
    }
    for (const check of draft.checks) this.#attempt(draft, check);
    this.#attempt(draft, () => checkEnumDefaults(draft, this.#table));
    this.#know(draft);
    if (this.#isReady(draft, later)) this.#write(draft, later);
    else this.#waiting.push({ draft, later });
  }

  /** When all files are finished: their descriptors by name, serialized where they were drafts, in the order in which they were declared. */
  end(): Map<string, Uint8Array | FileDescriptorProto> {
    for (const { draft, later } of this.#waiting) this.#write(draft, later);
    return this.#files as Map<string, Uint8Array | FileDescriptorProto>;
  }

  #write(draft: FileDraft, later: readonly LaterOption[]): void {
    for (const { options, option } of later) this.#interpret(draft, options, option);
    this.#files.set(draft.name, fileBytes(draft));
  }

  /** Whether all that options need can be had before all files are known. */
  #isReady({ name }: FileDraft, later: readonly LaterOption[]): boolean {
    if (later.length === 0) return true;
    return this.#registry.isReady(this.#table.seenBy(name)) && !later.some(({ option }) => hasAny(option));
  }

  #know(file: InputFile): void {
    const { name, dependency } = file;
    const isExtending =
      file instanceof FileDraft ? file.isExtending : hasExtensions(file.extension, file.messageType);
    // Without `file`, which would be kept.
    const descriptor = () => descriptorOf(this.#files.get(name) as InputFile | Uint8Array);
    this.#registry.add({ name, dependency, isExtending, descriptor });
  }

  #interpret(draft: FileDraft, options: OptionsDraft, option: PendingOption): void {
    const context = { draft, table: this.#table, registry: this.#registry };
    this.#attempt(draft, () => interpretOption(options, option, context));
  }

  #attempt({ name }: FileDraft, step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
      this.#report(name, error);
    }
  }

  #report(file: string, error: SchemaError): void {
    this.#isSound = false;
    this.#tolerance.report(file, error);
  }
}

/**
 * The descriptors of files, by name, as `Compiler` makes them. The files must be whole (every import among them, or one that Sluice brings along) and in
 * order, imports first.
 */
export function compile(files: readonly InputFile[]): Map<string, Uint8Array> {
  const compiler = new Compiler();
  for (const file of files) {
    if (file instanceof FileDraft) compiler.finish(file);
    else compiler.declare(file);
  }
  return new Map([...compiler.end()].map(([name, file]) => [name, compiledBytes(file)]));
}

/** A file that is compiled, serialized. */
export function compiledBytes(file: Uint8Array | FileDescriptorProto): Uint8Array {
  return file instanceof Uint8Array ? file : toBinary(FileDescriptorProtoSchema, file);
}

/** The descriptor of a file as far as it is known: of a draft without the options that are not interpreted yet. */
function descriptorOf(file: InputFile | Uint8Array): FileDescriptorProto {
  if (file instanceof Uint8Array) return fileWithLateComments(file);
  return file instanceof FileDraft ? fileWithLateComments(fileBytes(file)) : file;
}

function hasExtensions(
  extensions: DescriptorProto['extension'],
  messages: readonly DescriptorProto[],
): boolean {
  return (
    extensions.length > 0 ||
    messages.some(({ extension, nestedType }) => hasExtensions(extension, nestedType))
  );
}
