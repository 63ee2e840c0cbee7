import { createHash } from 'node:crypto';
import type { DescriptorProto, FieldDescriptorProto, FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { baseFiles } from '../base/index.js';
import { type ProblemList, SchemaError, SchemaProblem } from '../problem/index.js';
import { countParts, fileFromBytes } from './file-bytes.js';
import { extensionNames } from './link/index.js';
import { isOperatorService } from './operator-services.js';
import { ReflectionAhead } from './reflection-ahead.js';
import { type ReflectionAnswer, ReflectionBound, type ReflectionQuestion } from './reflection-call.js';
import type { ReflectionClient } from './reflection-client.js';
import { bare, candidatesOf, isPlaceholder, MAX_NAME_CHARS } from './reflection-names.js';

/** Bounds of what a server may make us hold; what is beyond is not asked for. */
export interface GatherBounds {
  readonly maxFiles: number;
  /** Values in all descriptors together. */
  readonly maxParts: number;
}

/** The files of a server, as far as it gives them. */
export interface GatheredFiles {
  readonly files: readonly FileDescriptorProto[];
  /** The same as they came, one by one: a serialized FileDescriptorProto each. */
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

/** A name of a type in a file, and where it stands. */
interface Reference {
  readonly name: string;
  readonly scope: string;
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
  const { files, sources, refusals, undescribed } = gathering;
  return {
    files,
    sources,
    refusals,
    undescribed,
    bound,
    digest: bound === undefined ? gathering.digest : undefined,
  };
}

class Gathering {
  readonly files: FileDescriptorProto[] = [];
  readonly sources: Uint8Array[] = [];
  readonly refusals = new Map<string, string>();
  readonly undescribed = new Map<string, SchemaProblem>();
  readonly #client: ReflectionClient;
  readonly #bounds: GatherBounds;
  readonly #problems: ProblemList;
  readonly #seen = new Set<string>();
  readonly #fileNames = new Set<string>();
  /** Full names of what the files declare. */
  readonly #declared = new Set<string>();
  readonly #asked = new Set<string>();
  readonly #references: Reference[] = [];
  /** Messages that say that they can be extended. */
  readonly #extendable: string[] = [];
  readonly #extensions = new Set<string>();
  #parts = 0;
  #imported = 0;

  constructor(client: ReflectionClient, bounds: GatherBounds, problems: ProblemList) {
    this.#client = client;
    this.#bounds = bounds;
    this.#problems = problems;
    for (const file of baseFiles().byName.values()) this.#declare(file);
    this.#references.length = 0;
    this.#extendable.length = 0;
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
    while (this.#imported < this.files.length) {
      const missing: string[] = [];
      for (; this.#imported < this.files.length; this.#imported += 1) {
        for (const name of this.files[this.#imported]?.dependency ?? [])
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
      await ahead.reach(at, this.#references, this.#questionOfType);
      await this.#askForType(reference);
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
      if (this.#extensions.has(`${containingType} ${extensionNumber}`)) continue;
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
      const file = fileFromBytes(bytes);
      if (file instanceof SchemaProblem) this.#problems.add(file);
      else if (!isPlaceholder(file)) {
        this.sources.push(bytes);
        this.#take(file);
      }
    }
  }

  #take(file: FileDescriptorProto): void {
    this.files.push(file);
    this.#fileNames.add(file.name);
    this.#declare(file);
  }

  #declare(file: FileDescriptorProto): void {
    const within = (scope: string, name: string) => (scope === '' ? name : `${scope}.${name}`);
    const refer = (name: string, scope: string) => {
      if (name !== '') this.#references.push({ name, scope });
    };
    const addExtension = (field: FieldDescriptorProto, scope: string) => {
      this.#declared.add(within(scope, field.name));
      this.#extensions.add(`${bare(field.extendee)} ${field.number}`);
      refer(field.typeName, scope);
      refer(field.extendee, scope);
    };
    const stack: { message: DescriptorProto; scope: string }[] = file.messageType.map((message) => ({
      message,
      scope: file.package,
    }));
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      const { message } = top;
      const scope = within(top.scope, message.name);
      // Longer names are not linked, and would cost much together.
      if (scope.length > MAX_NAME_CHARS) continue;
      this.#declared.add(scope);
      for (const field of message.field) refer(field.typeName, scope);
      for (const name of extensionNames(message)) refer(`.${name}`, scope);
      for (const field of message.extension) addExtension(field, scope);
      for (const { name } of message.enumType) this.#declared.add(within(scope, name));
      for (const nested of message.nestedType) stack.push({ message: nested, scope });
      // Options are ours to know.
      if (message.extensionRange.length > 0 && file.package !== 'google.protobuf')
        this.#extendable.push(scope);
    }
    for (const { name } of file.enumType) this.#declared.add(within(file.package, name));
    for (const field of file.extension) addExtension(field, file.package);
    for (const { name, method } of file.service) {
      const scope = within(file.package, name);
      this.#declared.add(scope);
      for (const { inputType, outputType } of method) {
        refer(inputType, scope);
        refer(outputType, scope);
      }
    }
  }
}

const questionOfExtensions = (message: string): ReflectionQuestion => ({
  allExtensionNumbersOfType: message,
});
