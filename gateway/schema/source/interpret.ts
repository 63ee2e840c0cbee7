import {
  type DescEnum,
  type DescExtension,
  type DescField,
  type DescMessage,
  ScalarType,
} from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import type { SchemaError } from '../problem/index.js';
import { DescriptorWriter } from './descriptor-writer.js';
import type { FileDraft } from './draft.js';
import { type OptionItem, type OptionMember, OptionMessage, type OptionScalar } from './option-message.js';
import type { OptionRegistry } from './option-registry.js';
import { scalarFromOption } from './option-scalar.js';
import type { MessageEntry, NamePart, ProtoOptionValue } from './option-value.js';
import type { OptionsDraft, PendingOption } from './options-draft.js';
import type { SymbolTable } from './symbol-table.js';
import { writeOptionMessage } from './write-options.js';

/** What the meaning of an option depends on. */
export interface OptionContext {
  readonly draft: FileDraft;
  readonly table: SymbolTable;
  /** Must know the extensions that are used. */
  readonly registry: OptionRegistry;
}

/** Whether an option can be given its value without knowing any extension. */
export function isPlainOption({ name, value }: PendingOption): boolean {
  return name.every((part) => !part.extension) && isPlainValue(value);
}

function isPlainValue(value: ProtoOptionValue): boolean {
  if (value.kind === 'list') return value.items.every(isPlainValue);
  if (value.kind !== 'message') return true;
  return value.fields.every((entry) => entry.kind === 'field' && isPlainValue(entry.value));
}

/** Whether an option has an Any in it, of which any file may have the type. */
export function hasAny({ value }: PendingOption): boolean {
  return valueHasAny(value);
}

function valueHasAny(value: ProtoOptionValue): boolean {
  if (value.kind === 'list') return value.items.some(valueHasAny);
  if (value.kind !== 'message') return false;
  return value.fields.some((entry) => entry.kind === 'any' || valueHasAny(entry.value));
}

/**
 * Gives an option its value among the options of its element. Throws `SchemaError` naming file and line when there is no such
 * option, or the value is not of its type.
 * Source: https://protobuf.dev/programming-guides/proto3/#customoptions
 */
export function interpretOption(options: OptionsDraft, option: PendingOption, context: OptionContext): void {
  options.message ??= new OptionMessage(options.desc);
  new Interpreter(context, options.scope).setPath(options.message, option.name, option);
}

class Interpreter {
  readonly #context: OptionContext;
  readonly #scope: string;

  constructor(context: OptionContext, scope: string) {
    this.#context = context;
    this.#scope = scope;
  }

  setPath(target: OptionMessage, path: readonly NamePart[], option: PendingOption): void {
    let inner = target;
    for (const [index, part] of path.entries()) {
      const member = part.extension
        ? this.#extension(inner.desc, part.name, option.at)
        : fieldOf(inner.desc, part.name);
      if (member === undefined)
        throw this.#error(`${inner.desc.typeName} has no field "${part.name}"`, option.at);
      const next = path[index + 1];
      if (next === undefined) this.#put(inner, member, option.value);
      else inner = this.#step(inner, member, next, option);
    }
  }

  /** The message in a field, for what is next in a path. */
  #step(target: OptionMessage, member: OptionMember, next: NamePart, option: PendingOption): OptionMessage {
    if (member.fieldKind !== 'message')
      throw this.#error(`"${member.name}" is no message, it has no field "${next.name}"`, option.at);
    const there = target.valueOf(member);
    if (there instanceof OptionMessage) return there;
    this.#assertNoRival(target, member, option.at);
    const made = new OptionMessage(member.message);
    target.set(member, made);
    return made;
  }

  /** Sets or, if repeated, appends. */
  #put(target: OptionMessage, member: OptionMember, value: ProtoOptionValue): void {
    const there = target.valueOf(member);
    if (member.fieldKind === 'map') {
      const entries = there instanceof Map ? there : new Map<OptionScalar, OptionItem>();
      for (const item of itemsOf(value)) this.#putEntry(entries, member, item);
      target.set(member, entries);
    } else if (member.fieldKind === 'list') {
      const items = Array.isArray(there) ? there : [];
      for (const item of itemsOf(value)) items.push(this.#item(member, item));
      target.set(member, items);
    } else {
      if (value.kind === 'list') throw this.#error(`"${member.name}" takes one value, not a list`, value.at);
      if (there !== undefined) throw this.#error(`the option "${member.name}" is set twice`, value.at);
      const item = this.#item(member, value);
      this.#assertNoRival(target, member, value.at);
      target.set(member, item);
    }
  }

  #putEntry(
    entries: Map<OptionScalar, OptionItem>,
    member: DescField & { fieldKind: 'map' },
    item: ProtoOptionValue,
  ): void {
    if (item.kind !== 'message')
      throw this.#error(`"${member.name}": expected { key: ... value: ... }`, item.at);
    const part = (name: string) =>
      item.fields.find((entry) => entry.kind === 'field' && entry.name === name)?.value;
    const key = part('key');
    const value = part('value');
    if (key === undefined || value === undefined)
      throw this.#error(`"${member.name}": key and value are needed`, item.at);
    const local = scalarFromOption(member.mapKey, key, (problem) =>
      this.#fail(`"${member.name}": ${problem}`, key.at),
    );
    entries.set(local, this.#item(member, value));
  }

  /** One value of a field: of a list an element, of a map the value of an entry. */
  #item(member: OptionMember, value: ProtoOptionValue): OptionItem {
    const fail = (problem: string) => this.#fail(`"${member.name}": ${problem}`, value.at);
    if (member.message !== undefined)
      return value.kind === 'message'
        ? this.#message(member.message, value.fields)
        : fail('expected { ... }');
    if (member.enum !== undefined) return enumNumber(member.enum, value, fail);
    return member.scalar === undefined ? fail('cannot be set') : scalarFromOption(member.scalar, value, fail);
  }

  #message(desc: DescMessage, entries: readonly MessageEntry[]): OptionMessage {
    const target = new OptionMessage(desc);
    for (const entry of entries) {
      if (entry.kind === 'any') {
        this.#putAny(target, entry);
        continue;
      }
      const member =
        entry.kind === 'extension'
          ? this.#extension(desc, entry.name, entry.at)
          : fieldOf(desc, entry.name, true);
      if (member === undefined) throw this.#error(`${desc.typeName} has no field "${entry.name}"`, entry.at);
      this.#put(target, member, entry.value);
    }
    return target;
  }

  #putAny(target: OptionMessage, entry: MessageEntry): void {
    const typeName = entry.name.slice(entry.name.lastIndexOf('/') + 1);
    const { desc } = target;
    const inner = this.#context.registry.message(typeName);
    if (desc.typeName !== AnySchema.typeName) throw this.#error(`${desc.typeName} is no Any`, entry.at);
    if (inner === undefined) throw this.#error(`no message "${typeName}" is imported`, entry.at);
    if (entry.value.kind !== 'message') throw this.#error('expected { ... }', entry.at);
    const writer = new DescriptorWriter();
    writeOptionMessage(writer, this.#message(inner, entry.value.fields));
    const [typeUrl, value] = ['type_url', 'value'].map((name) => fieldOf(desc, name));
    if (typeUrl !== undefined) target.set(typeUrl, entry.name);
    if (value !== undefined) target.set(value, writer.written());
  }

  #extension(extendee: DescMessage, name: string, at: number): DescExtension {
    const { draft, table, registry } = this.#context;
    const found = table.lookup(draft.name, table.scopeOf(this.#scope), name, isExtension);
    const extension = found && registry.extension(found.fullName, found.file);
    if (extension === undefined) throw this.#error(`no option "(${name})" is declared or imported`, at);
    const { typeName } = extension.extendee;
    if (typeName === extendee.typeName) return extension;
    throw this.#error(`"(${name})" is an option of ${typeName}, not of ${extendee.typeName}`, at);
  }

  #assertNoRival(target: OptionMessage, member: OptionMember, at: number): void {
    const rival = target.rivalOf(member);
    if (rival !== undefined) throw this.#error(`"${rival.name}" and "${member.name}" exclude each other`, at);
  }

  #fail(problem: string, at: number): never {
    throw this.#error(problem, at);
  }

  #error(problem: string, at: number): SchemaError {
    return this.#context.draft.reader.error(problem, at);
  }
}

/** A value by its name or its number; an open enum has every number. */
function enumNumber(
  { typeName, values, open }: DescEnum,
  value: ProtoOptionValue,
  fail: (problem: string) => never,
): number {
  if (value.kind === 'integer') {
    const number = Number(scalarFromOption(ScalarType.INT32, value, fail));
    return open || values.some((candidate) => candidate.number === number)
      ? number
      : fail(`expected a value of ${typeName}`);
  }
  const name = value.kind === 'word' && !value.negative ? value.text : '';
  const found = values.find((candidate) => candidate.name === name);
  return found === undefined ? fail(`expected a value of ${typeName}`) : found.number;
}

function itemsOf(value: ProtoOptionValue): readonly ProtoOptionValue[] {
  return value.kind === 'list' ? value.items : [value];
}

function isExtension(kind: string): boolean {
  return kind === 'extension';
}

/** The fields of a message by name, and by name or group: a text may name thousands of a message that has thousands. */
const fieldsByName = new WeakMap<
  DescMessage,
  { names: Map<string, DescField>; groups: Map<string, DescField> }
>();

/** In the text format a group goes by the name of its type as well. */
function fieldOf(desc: DescMessage, name: string, orGroup = false): DescField | undefined {
  let known = fieldsByName.get(desc);
  if (known === undefined) {
    known = { names: new Map(), groups: new Map() };
    for (const field of desc.fields) {
      known.names.set(field.name, field);
      if ('delimitedEncoding' in field && field.delimitedEncoding === true && field.message !== undefined)
        known.groups.set(field.message.name, field);
    }
    fieldsByName.set(desc, known);
  }
  return known.names.get(name) ?? (orGroup ? known.groups.get(name) : undefined);
}
