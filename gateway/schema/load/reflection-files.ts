import { createHash } from 'node:crypto';
import { toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { baseFiles } from '../base/index.js';
import { type ProblemList, SchemaError, SchemaProblem } from '../problem/index.js';
import { countComments, countParts, fileFromBytes, withoutComments } from './file-bytes.js';
import { extensionKey, type FileOutline, outlineOf, type Reference } from './file-outline.js';
import { isOperatorService } from './operator-services.js';
import { ReflectionAhead } from './reflection-ahead.js';
import { type ReflectionAnswer, ReflectionBound, type ReflectionQuestion } from './reflection-call.js';
import type { ReflectionClient } from './reflection-client.js';
import { bare, candidatesOf, MAX_NAME_CHARS } from './reflection-names.js';
import { NotPlain } from './scan/index.js';

/** Bounds of what a server may make us hold; what is beyond is not asked for. */
export interface GatherBounds {
  readonly maxFiles: number;
  /** Values in all descriptors together, without comments; and in the comments of all, beyond which there are none. */
  readonly maxParts: number;
}

/** The files of a server, as far as it gives them. */
export interface GatheredFiles {
  /** As they came, one by one: a serialized FileDescriptorProto each. */
  readonly sources: readonly Uint8Array[];
  /** Why a name has no file: what the server said, by name. */
  readonly refusals: ReadonlyMap<string, string>;
  /** Services that the server lists and does not describe, by "/pkg.Service/". */
  readonly undescribed: ReadonlyMap<string, SchemaProblem>;
  /** The bound that ended it, if one did. */
  readonly bound: ReflectionBound | undefined;
  /** The same for the same files and the same refusals, in whatever order they came; `undefined` when a bound ended it. */
  readonly digest: string | undefined;
}

/** Extension numbers of one message that are asked for. */
const MAX_EXTENSIONS = 1_000;

/**
 * Asks for the services, for what they import, for every type that is used and not there yet, and for extensions. A question that has no
 * answer is remembered, and none is asked twice. Throws `RpcError` when the server is away and `SchemaError` when it does not list its services.
 */
export async function gatherFiles(
  client: ReflectionClient,
  services: readonly string[] | undefined,
  bounds: GatherBounds,
  problems: ProblemList,
): Promise<GatheredFiles> {
  const gathering = new Gathering(client, bounds, problems);
  let bound: ReflectionBound | undefined;
  try {
    await gathering.run(services);
  } catch (reason) {
    if (!(reason instanceof ReflectionBound)) throw reason;
    bound = reason;
    problems.add(new SchemaProblem('the schema', `${reason.message}; the rest is not known`));
  }
  const { sources, refusals, undescribed } = gathering;
  return {
    sources,
    refusals,
    undescribed,
    bound,
    digest: bound === undefined ? gathering.digest : undefined,
  };
}

class Gathering {
  readonly sources: Uint8Array[] = [];
  readonly refusals = new Map<string, string>();
  readonly undescribed = new Map<string, SchemaProblem>();
  readonly #client: ReflectionClient;
  readonly #bounds: GatherBounds;
  readonly #problems: ProblemList;
  readonly #seen = new Set<string>();
  readonly #fileNames = new Set<string>();
  /** What each file imports. */
  readonly #dependencies: (readonly string[])[] = [];
  /** Full names of what the files declare. */
  readonly #declared = new Set<string>();
  readonly #asked = new Set<string>();
  readonly #references: Reference[] = [];
  /** Messages that say that they can be extended. */
  readonly #extendable: string[] = [];
  readonly #extensions = new Set<string>();
  #parts = 0;
  #comments = 0;
  #imported = 0;

  constructor(client: ReflectionClient, bounds: GatherBounds, problems: ProblemList) {
    this.#client = client;
    this.#bounds = bounds;
    this.#problems = problems;
    this.#takeBase();
  }

  async run(services: readonly string[] | undefined): Promise<void> {
    const listed = await this.#client.ask({ listServices: '' });
    if (listed.problem !== undefined) {
      throw new SchemaError(`the server does not list its services: ${listed.problem}`);
    }
    const { maxFiles } = this.#bounds;
    const all = new Set(listed.services.slice(0, maxFiles));
    const names = services ?? [...all].filter((name) => !isOperatorService(bare(name)));
    const ahead = new ReflectionAhead(this.#client);
    for (const [at, name] of names.entries()) {
      await ahead.reach(at, names, this.#questionOfService);
      await this.#askForService(name);
    }
    if (listed.services.length > maxFiles) throw new ReflectionBound(`more than ${maxFiles} services`);
    await this.#askForImports();
    await this.#askForTypes();
    const extensions = new ReflectionAhead(this.#client);
    // Lists grow while they are walked: what an answer brings is looked at in its turn.
    for (const [at, message] of this.#extendable.entries()) {
      await extensions.reach(at, this.#extendable, questionOfExtensions);
      await this.#askForExtensions(message);
    }
    await this.#askForTypes();
  }

  get digest(): string {
    const parts = [...this.#seen, ...this.refusals.keys(), ...this.undescribed.keys()].sort();
    return createHash('sha256').update(parts.join('\n')).digest('base64');
  }

  async #askForService(name: string): Promise<void> {
    // A server that has lost the package of its files puts a dot before their names.
    if (this.#declared.has(bare(name))) return;
    const answer = await this.#client.ask({ fileContainingSymbol: name });
    this.#keep(answer);
    if (this.#declared.has(bare(name))) return;
    const reason = answer.problem ?? 'the file that it sends does not declare it';
    const problem = new SchemaProblem(bare(name), `the server does not describe it: ${reason}`);
    this.undescribed.set(`/${bare(name)}/`, problem);
    this.#problems.add(problem);
  }

  readonly #questionOfService = (name: string): ReflectionQuestion | undefined =>
    this.#declared.has(bare(name)) ? undefined : { fileContainingSymbol: name };

  async #askForImports(): Promise<void> {
    while (this.#imported < this.#dependencies.length) {
      const missing: string[] = [];
      for (; this.#imported < this.#dependencies.length; this.#imported += 1) {
        for (const name of this.#dependencies[this.#imported] ?? [])
          if (!this.#fileNames.has(name) && this.#isNew(`file ${name}`)) missing.push(name);
      }
      const ahead = new ReflectionAhead(this.#client);
      for (const [at, name] of missing.entries()) {
        await ahead.reach(at, missing, this.#questionOfFile);
        if (!this.#fileNames.has(name)) this.#keep(await this.#client.ask({ fileByFilename: name }));
      }
    }
  }

  readonly #questionOfFile = (name: string): ReflectionQuestion | undefined =>
    this.#fileNames.has(name) ? undefined : { fileByFilename: name };

  async #askForTypes(): Promise<void> {
    const ahead = new ReflectionAhead(this.#client);
    for (const [at, reference] of this.#references.entries()) {
      // Most are known: a turn for each of a hundred thousand would be the most of a start.
      const asking = ahead.reach(at, this.#references, this.#questionOfType);
      if (asking !== undefined) await asking;
      if (!this.#declared.has(bare(reference.name))) await this.#askForType(reference);
    }
  }

  /** Only of a name that says where it is: of another one the first place where it may be is often the wrong one. */
  readonly #questionOfType = ({ name }: Reference): ReflectionQuestion | undefined => {
    const symbol = name.slice(1);
    const isKnown = !name.startsWith('.') || name.length > MAX_NAME_CHARS;
    return isKnown || this.#declared.has(symbol) || this.#asked.has(symbol)
      ? undefined
      : { fileContainingSymbol: symbol };
  };

  /** Asks from the innermost scope outwards, as the name would be looked up. */
  async #askForType({ name, scope }: Reference): Promise<void> {
    const candidates = candidatesOf(name, scope);
    if (candidates.some((candidate) => this.#declared.has(candidate))) return;
    for (const candidate of candidates) {
      if (!this.#isNew(candidate)) continue;
      const answer = await this.#client.ask({ fileContainingSymbol: candidate });
      this.#keep(answer);
      if (this.#declared.has(candidate)) break;
      this.refusals.set(candidate, answer.problem ?? 'the file that it sends does not declare it');
    }
    await this.#askForImports();
  }

  async #askForExtensions(containingType: string): Promise<void> {
    const { extensionNumbers } = await this.#client.ask({ allExtensionNumbersOfType: containingType });
    for (const extensionNumber of extensionNumbers.slice(0, MAX_EXTENSIONS)) {
      if (this.#extensions.has(extensionKey(containingType, extensionNumber))) continue;
      this.#keep(await this.#client.ask({ fileContainingExtension: { containingType, extensionNumber } }));
    }
    await this.#askForImports();
  }

  #isNew(question: string): boolean {
    if (this.#asked.has(question)) return false;
    this.#asked.add(question);
    return true;
  }

  #keep({ files }: ReflectionAnswer): void {
    for (const bytes of files) {
      // Servers send what they have sent before, and imports again with every file.
      const content = createHash('sha256').update(bytes).digest('base64');
      if (this.#seen.has(content)) continue;
      this.#parts += countParts(bytes, this.#bounds.maxParts);
      if (this.#parts > this.#bounds.maxParts) {
        throw new ReflectionBound(`more than ${this.#bounds.maxParts} values in its files`);
      }
      if (this.#seen.size >= this.#bounds.maxFiles) {
        throw new ReflectionBound(`more than ${this.#bounds.maxFiles} files`);
      }
      this.#seen.add(content);
      const outline = outlineOrProblem(bytes);
      if (outline instanceof SchemaProblem) this.#problems.add(outline);
      else if (!outline.isPlaceholder) {
        this.sources.push(this.#withFewComments(bytes));
        this.#take(outline);
      }
    }
  }

  /** Comments describe, and nothing is called by them: where they are too many, they are what is left out. */
  #withFewComments(bytes: Uint8Array): Uint8Array {
    const { maxParts } = this.#bounds;
    if (this.#comments <= maxParts) this.#comments += countComments(bytes, maxParts);
    return this.#comments <= maxParts ? bytes : withoutComments(bytes);
  }

  #take({ name, dependencies, declared, references, extendable, extensions }: FileOutline): void {
    this.#fileNames.add(name);
    this.#dependencies.push(dependencies);
    for (const each of declared) this.#declared.add(each);
    for (const each of references) this.#references.push(each);
    for (const each of extendable) this.#extendable.push(each);
    for (const each of extensions) this.#extensions.add(each);
  }

  #takeBase(): void {
    for (const desc of baseFiles().registry) {
      this.#declared.add(desc.typeName);
      if (desc.kind === 'extension') this.#extensions.add(extensionKey(desc.extendee.typeName, desc.number));
    }
  }
}

function outlineOrProblem(bytes: Uint8Array): FileOutline | SchemaProblem {
  try {
    const outline = outlineOf(bytes);
    if (outline.name !== '') return outline;
  } catch (error) {
    if (!(error instanceof NotPlain)) throw error;
  }
  const file = fileFromBytes(bytes);
  if (file instanceof SchemaProblem) return file;
  return outlineOf(toBinary(FileDescriptorProtoSchema, file, { writeUnknownFields: false }));
}

const questionOfExtensions = (message: string): ReflectionQuestion => ({
  allExtensionNumbersOfType: message,
});
