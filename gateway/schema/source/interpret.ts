import {
  type DescExtension,
  type DescField,
  type DescMessage,
  getExtension,
  hasExtension,
  type Message,
  type Registry,
  setExtension,
  toBinary,
} from '@bufbuild/protobuf';
import { type ReflectMessage, reflect, type ScalarValue } from '@bufbuild/protobuf/reflect';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import type { FileDraft, PendingOption } from './draft.js';
import type { SymbolTable } from './link.js';
import { scalarFromOption } from './option-scalar.js';
import type { MessageEntry, NamePart, ProtoOptionValue } from './option-value.js';
import type { Token } from './token.js';
import type { TokenReader } from './token-reader.js';

/** What the meaning of an option depends on. */
export interface OptionContext {
  readonly draft: FileDraft;
  readonly table: SymbolTable;
  /** Must know the extensions that are used. */
  readonly registry: Pick<Registry, 'getExtension' | 'getMessage'>;
  /** The descriptors of the options messages themselves, by full name. */
  readonly optionTypes: ReadonlyMap<string, DescMessage>;
}

/** Whether an option can be given its value without knowing any extension. */
export function isPlainOption(option: PendingOption): boolean {
  const plain = (value: ProtoOptionValue): boolean => {
    if (value.kind === 'list') return value.items.every(plain);
    if (value.kind !== 'message') return true;
    return value.fields.every((entry) => entry.kind === 'field' && plain(entry.value));
  };
  return option.name.every((part) => !part.extension) && plain(option.value);
}

/**
 * Gives an option its value in the options message. Throws `SchemaError` naming file and line when there is no such
 * option, or the value is not of its type.
 * Source: https://protobuf.dev/programming-guides/proto3/#customoptions
 */
export function interpretOption(option: PendingOption, context: OptionContext): void {
  const message = option.target();
  const desc = context.optionTypes.get(message.$typeName);
  if (desc === undefined) throw new Error(`no descriptor of ${message.$typeName}`);
  setPath(reflect(desc, message), option.name, option, context);
}

function setPath(
  target: ReflectMessage,
  [part, ...rest]: readonly NamePart[],
  option: PendingOption,
  context: OptionContext,
): void {
  const reader: TokenReader = context.draft.reader;
  if (part === undefined) return;
  const member = part.extension
    ? findExtension(target.desc, part.name, option.scope, context, option.at)
    : fieldOf(target.desc, part.name);
  if (member === undefined) reader.fail(`${target.desc.typeName} has no field "${part.name}"`, option.at);
  if (rest.length === 0) {
    putValue(target, member, option.value, option.scope, context);
    return;
  }
  if (member.fieldKind !== 'message') {
    reader.fail(`"${part.name}" is no message, it has no field "${rest[0]?.name}"`, option.at);
  }
  if (member.kind === 'extension') countRewrite(target.message, option.at, context);
  const child = currentMessage(target, member);
  setPath(child, rest, option, context);
  storeMessage(target, member, child);
}

type Member = DescField | DescExtension;
type MessageMember = Member & { fieldKind: 'message' };

function currentMessage(target: ReflectMessage, member: MessageMember): ReflectMessage {
  if (member.kind === 'field') return target.get(member) as ReflectMessage;
  return reflect(member.message, getExtension(target.message, member) as Message);
}

function storeMessage(target: ReflectMessage, member: MessageMember, child: ReflectMessage): void {
  if (member.kind === 'field') target.set(member, child);
  else setExtension(target.message, member, child.message as never);
}

/** Sets or, if repeated, appends. */
function putValue(
  target: ReflectMessage,
  member: Member,
  value: ProtoOptionValue,
  scope: string,
  context: OptionContext,
): void {
  const reader: TokenReader = context.draft.reader;
  if (member.fieldKind === 'map' && member.kind === 'field') {
    for (const item of value.kind === 'list' ? value.items : [value])
      putMapEntry(target, member, item, scope, context);
    return;
  }
  if (member.fieldKind === 'list') {
    const items = (value.kind === 'list' ? value.items : [value]).map((item) =>
      localValue(member, item, scope, context),
    );
    if (member.kind === 'field') {
      const list = target.get(member);
      for (const item of items) list.add(item as never);
      target.set(member, list);
    } else {
      countRewrite(target.message, value.at, context);
      const old = getExtension(target.message, member) as unknown[];
      const added = items.map((item) => (isReflect(item) ? item.message : item));
      setExtension(target.message, member, [...old, ...added] as never);
    }
    return;
  }
  if (value.kind === 'list') reader.fail(`"${member.name}" takes one value, not a list`, value.at);
  const isSet = member.kind === 'field' ? target.isSet(member) : hasExtension(target.message, member);
  if (isSet) reader.fail(`the option "${member.name}" is set twice`, value.at);
  const local = localValue(member, value, scope, context);
  if (member.kind === 'field') {
    const other = member.oneof === undefined ? undefined : target.oneofCase(member.oneof);
    if (other !== undefined) reader.fail(`"${other.name}" and "${member.name}" exclude each other`, value.at);
    target.set(member, local);
  } else {
    storeExtension(target.message, member, isReflect(local) ? local.message : local);
  }
}

/** The same as `setExtension`, which makes a message around a message each time: with 10,000 rules that was a tenth of the start. */
function storeExtension(options: Message, extension: DescExtension, value: unknown): void {
  const isPlain = extension.fieldKind === 'message' && !extension.delimitedEncoding;
  if (!isPlain) {
    setExtension(options, extension, value as never);
    return;
  }
  const data = new BinaryWriter().bytes(toBinary(extension.message, value as Message)).finish();
  const field = { no: extension.number, wireType: WireType.LengthDelimited, data };
  options.$unknown = [...(options.$unknown ?? []).filter(({ no }) => no !== field.no), field];
}

function isReflect(value: ReflectMessage | ScalarValue): value is ReflectMessage {
  return typeof value === 'object' && 'desc' in value;
}

function localValue(
  member: Member,
  value: ProtoOptionValue,
  scope: string,
  context: OptionContext,
): ReflectMessage | ScalarValue {
  const reader: TokenReader = context.draft.reader;
  const fail = (problem: string) => reader.fail(`"${member.name}": ${problem}`, value.at);
  if (member.message !== undefined) {
    if (value.kind !== 'message') return fail('expected { ... }');
    return messageFromEntries(member.message, value.fields, scope, context);
  }
  if (member.enum !== undefined) {
    if (value.kind === 'integer') return Number(value.value);
    const name = value.kind === 'word' && !value.negative ? value.text : '';
    const found = member.enum.values.find((candidate) => candidate.name === name);
    return found === undefined ? fail(`expected a value of ${member.enum.typeName}`) : found.number;
  }
  if (member.scalar === undefined) return fail('cannot be set');
  return scalarFromOption(member.scalar, value, fail);
}

function messageFromEntries(
  desc: DescMessage,
  entries: readonly MessageEntry[],
  scope: string,
  context: OptionContext,
): ReflectMessage {
  const reader: TokenReader = context.draft.reader;
  const target = reflect(desc);
  for (const entry of entries) {
    if (entry.kind === 'any') {
      putAny(target, entry, scope, context);
      continue;
    }
    const member =
      entry.kind === 'extension'
        ? findExtension(desc, entry.name, scope, context, entry.at)
        : fieldOf(desc, entry.name, true);
    if (member === undefined) reader.fail(`${desc.typeName} has no field "${entry.name}"`, entry.at);
    putValue(target, member, entry.value, scope, context);
  }
  return target;
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

/** Statements that add to what an extension holds already, for one options message; each of them writes all of it anew. */
const MAX_REWRITES = 1_000;
const rewrites = new WeakMap<Message, number>();

function countRewrite(message: Message, at: Token, { draft }: OptionContext): void {
  const count = (rewrites.get(message) ?? 0) + 1;
  rewrites.set(message, count);
  if (count > MAX_REWRITES)
    draft.reader.fail(
      `more than ${MAX_REWRITES} statements set parts of options of one element: give a list`,
      at,
    );
}

function putAny(target: ReflectMessage, entry: MessageEntry, scope: string, context: OptionContext): void {
  const reader: TokenReader = context.draft.reader;
  const typeName = entry.name.slice(entry.name.lastIndexOf('/') + 1);
  const desc = context.registry.getMessage(typeName);
  if (target.desc.typeName !== AnySchema.typeName) reader.fail(`${target.desc.typeName} is no Any`, entry.at);
  if (desc === undefined) reader.fail(`no message "${typeName}" is imported`, entry.at);
  if (entry.value.kind !== 'message') reader.fail('expected { ... }', entry.at);
  const inner = messageFromEntries(desc, entry.value.fields, scope, context);
  const [typeUrl, value] = ['type_url', 'value'].map((name) =>
    target.desc.fields.find((field) => field.name === name),
  );
  if (typeUrl !== undefined) target.set(typeUrl, entry.name);
  if (value !== undefined) target.set(value, toBinary(desc, inner.message));
}

function putMapEntry(
  target: ReflectMessage,
  field: DescField & { fieldKind: 'map' },
  item: ProtoOptionValue,
  scope: string,
  context: OptionContext,
): void {
  const reader: TokenReader = context.draft.reader;
  if (item.kind !== 'message') reader.fail(`"${field.name}": expected { key: ... value: ... }`, item.at);
  const part = (name: string) =>
    item.fields.find((entry) => entry.kind === 'field' && entry.name === name)?.value;
  const key = part('key');
  const value = part('value');
  if (key === undefined || value === undefined)
    reader.fail(`"${field.name}": key and value are needed`, item.at);
  const map = target.get(field);
  const local = scalarFromOption(field.mapKey, key, (problem) =>
    reader.fail(`"${field.name}": ${problem}`, key.at),
  );
  // A map's value has the same three shapes as a field, under the same names.
  const valueMember = { ...field, name: `${field.name}.value` } as Member;
  map.set(local as never, localValue(valueMember, value, scope, context) as never);
  target.set(field, map);
}

function findExtension(
  extendee: DescMessage,
  name: string,
  scope: string,
  context: OptionContext,
  at: PendingOption['at'],
): DescExtension {
  const { draft, table, registry } = context;
  const found = table.lookup(draft.proto.name, scope, name, ['extension']);
  const extension = found === undefined ? undefined : registry.getExtension(found.fullName);
  if (extension === undefined) return draft.reader.fail(`no option "(${name})" is declared or imported`, at);
  if (extension.extendee.typeName !== extendee.typeName) {
    return draft.reader.fail(
      `"(${name})" is an option of ${extension.extendee.typeName}, not of ${extendee.typeName}`,
      at,
    );
  }
  return extension;
}
