import type { DescEnum, DescField, DescMessage } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import { finished, type Steps } from '../../async/index.js';
import { type Schema, sameServices } from '../load/index.js';
import type { Method } from '../method/index.js';

/** What a client of the old schema may have used, and the new one has not or has differently. */
export interface SchemaChange {
  /** "pkg.Service/Method", or "pkg.Message.field", "pkg.Enum.VALUE". */
  readonly name: string;
  /** What has changed, for people: "the method is gone". */
  readonly change: string;
}

/**
 * What breaks clients of `before` when `after` takes its place, in order of declaration; empty where whatever they send and read still
 * means the same, as JSON and as bytes. Looked at are methods, their HTTP rules, and the messages and enums that methods of `before` use. Messages
 * are compared by name, and each once. What is new breaks no client.
 */
export function breakingChanges(before: Schema, after: Schema): readonly SchemaChange[] {
  return finished(breakingChangeSteps(before, after));
}

/** The same in steps. Services that are the same with all that they use, byte for byte, are not read. */
export function* breakingChangeSteps(before: Schema, after: Schema): Steps<readonly SchemaChange[]> {
  const changes: SchemaChange[] = [];
  const add = (name: string, change: string) => changes.push({ name, change });
  const types = new TypeComparison(after, add);
  const rules = new Set([...after.methods.values()].flatMap((method) => method.bindings.map(ruleText)));
  const isSame = sameServices(before.registry, after.registry);
  for (const [path, method] of before.methods) {
    const name = path.slice(1);
    const now = after.methods.get(path);
    if (now === undefined) add(name, 'the method is gone');
    else {
      if (!isSame(method.service)) {
        yield;
        compareKinds(method, now, (change) => add(name, change));
        types.use(method.input);
        types.use(method.output);
      }
      // A rule of the configuration may have made it so.
      if (method.safe && !now.safe) add(name, 'it is no longer free of side effects');
    }
    for (const binding of method.bindings) {
      const rule = ruleText(binding);
      if (now !== undefined && !rules.has(rule)) add(name, `the http rule "${rule}" is gone`);
    }
  }
  yield* types.run();
  return changes;
}

function compareKinds(before: Method, now: Method, add: (change: string) => void): void {
  const kind = ({ requestStream, responseStream }: Method) =>
    `${requestStream ? 'stream' : 'message'} -> ${responseStream ? 'stream' : 'message'}`;
  const types = ({ input, output }: Method) => `(${input.typeName}) returns (${output.typeName})`;
  if (kind(before) !== kind(now)) add(`it was ${kind(before)}, and is ${kind(now)}`);
  if (types(before) !== types(now)) add(`it was ${types(before)}, and is ${types(now)}`);
}

function ruleText({ httpMethod, template }: Method['bindings'][number]): string {
  return `${httpMethod} ${template}`;
}

/** Walks the types of the old schema, each once, beside those of the new one. */
class TypeComparison {
  readonly #after: Schema;
  readonly #add: (name: string, change: string) => void;
  readonly #seen = new Set<string>();
  readonly #messages: DescMessage[] = [];

  constructor(after: Schema, add: (name: string, change: string) => void) {
    this.#after = after;
    this.#add = add;
  }

  use(type: DescMessage): void {
    if (this.#isNew(type.typeName)) this.#messages.push(type);
  }

  *run(): Steps<void> {
    // The list grows while it is walked.
    for (const before of this.#messages) {
      yield;
      const now = this.#after.registry.getMessage(before.typeName);
      const byName = new Map(now?.fields.map((field) => [field.name, field]));
      const byNumber = new Map(now?.fields.map((field) => [field.number, field]));
      for (const field of before.fields) {
        // A message that is gone is told by the fields and methods that had it.
        if (now !== undefined) this.#compareField(field, byName.get(field.name), byNumber.get(field.number));
        if (field.message !== undefined) this.use(field.message);
        if (field.enum !== undefined && this.#isNew(field.enum.typeName)) this.#compareEnum(field.enum);
      }
    }
  }

  /** `now` has its name, `renamed` its number. */
  #compareField(field: DescField, now: DescField | undefined, renamed: DescField | undefined): void {
    const name = `${field.parent.typeName}.${field.name}`;
    if (now === undefined) {
      const change = renamed === undefined ? 'the field is gone' : `it is called ${renamed.name} now`;
      this.#add(name, change);
      return;
    }
    if (now.number !== field.number) {
      this.#add(name, `its number was ${field.number}, and is ${now.number}`);
    }
    if (typeText(now) !== typeText(field)) {
      this.#add(name, `its type was ${typeText(field)}, and is ${typeText(now)}`);
    }
    if (now.jsonName !== field.jsonName) {
      this.#add(name, `its JSON name was ${field.jsonName}, and is ${now.jsonName}`);
    }
  }

  #compareEnum(before: DescEnum): void {
    const now = this.#after.registry.getEnum(before.typeName);
    if (now === undefined) return;
    const byName = new Map(now.values.map((value) => [value.name, value]));
    for (const { name, number } of before.values) {
      const value = byName.get(name);
      const full = `${before.typeName}.${name}`;
      if (value === undefined) this.#add(full, 'the value is gone');
      else if (value.number !== number) this.#add(full, `its number was ${number}, and is ${value.number}`);
    }
  }

  #isNew(typeName: string): boolean {
    if (this.#seen.has(typeName)) return false;
    this.#seen.add(typeName);
    return true;
  }
}

/** "int32", "repeated pkg.M", "map<string, pkg.E>". */
function typeText(field: DescField): string {
  const single =
    field.message?.typeName ??
    field.enum?.typeName ??
    (field.scalar === undefined ? 'a group' : ScalarType[field.scalar].toLowerCase());
  if (field.fieldKind === 'map') return `map<${ScalarType[field.mapKey].toLowerCase()}, ${single}>`;
  return field.fieldKind === 'list' ? `repeated ${single}` : single;
}
