import type {
  DescEnum,
  DescExtension,
  DescField,
  DescMessage,
  Registry,
  ScalarType,
} from '@bufbuild/protobuf';
import { parseList, parseMap, parseSingular } from '../parse/index.js';
import {
  DIRECT_TAGS,
  type EnumPlan,
  FieldPlan,
  type KeyPlan,
  type Kind,
  MessagePlan,
} from '../plan/index.js';
import { digestOf, varint, WireType } from '../primitive/index.js';
import { printList, printMap, printSingular, readClosedEnum } from '../print/index.js';
import { ENUM_KIND, GROUP_KIND, keyKind, MESSAGE_KIND, NULL_KIND, scalarKind } from './kinds.js';

const IMPLICIT_PRESENCE = 2;
const LEGACY_REQUIRED = 3;
const MAX_ONEOF_BITS = 31;

/** Completes a plan with what its type does. */
export interface PlanSteps {
  /** Before its fields are planned. */
  readonly begin: (plan: MessagePlan, type: DescMessage) => void;
  /** Once its fields are there; the plans of their types may not be complete yet. */
  readonly finish: (plan: MessagePlan, type: DescMessage) => void;
}

/** A registry that knows its extensions without a walk over all its types. */
interface WithExtensions {
  extensions(): Iterable<DescExtension>;
}

function* extensionsIn(registry: Registry & Partial<WithExtensions>): Iterable<DescExtension> {
  if (registry.extensions !== undefined) yield* registry.extensions();
  else for (const type of registry) if (type.kind === 'extension') yield type;
}

/**
 * Makes the plans of message types from their descriptors, once a type. A plan refers to those of its fields, so types
 * that contain themselves have plans that do, too.
 */
export class Planner {
  readonly #registry: Registry;
  readonly #steps: PlanSteps;
  readonly #messages = new Map<DescMessage, MessagePlan>();
  readonly #enums = new Map<DescEnum, EnumPlan>();
  readonly #extensions = new Map<string, DescExtension[]>();

  constructor(registry: Registry, steps: PlanSteps) {
    this.#registry = registry;
    this.#steps = steps;
    for (const type of extensionsIn(registry)) {
      const known = this.#extensions.get(type.extendee.typeName);
      if (known === undefined) this.#extensions.set(type.extendee.typeName, [type]);
      else known.push(type);
    }
  }

  message(type: DescMessage): MessagePlan {
    const known = this.#messages.get(type);
    if (known !== undefined) return known;
    const plan = new MessagePlan(type.typeName);
    // Before its fields, for the types that contain themselves.
    this.#messages.set(type, plan);
    this.#steps.begin(plan, type);
    plan.oneofs = type.oneofs.map((oneof) => oneof.name);
    const resolve = (typeName: string) => {
      const found = this.#registry.getMessage(typeName);
      return found === undefined ? undefined : this.message(found);
    };
    plan.resolve = resolve;
    const fields = [...type.fields].sort((left, right) => left.number - right.number);
    for (const field of fields) {
      const oneof = field.oneof === undefined ? -1 : type.oneofs.indexOf(field.oneof);
      this.#addField(plan, this.#field(field, `${type.typeName}.${field.name}`, oneof), [field.name]);
    }
    const extensions = [...(this.#extensions.get(type.typeName) ?? [])].sort(
      (left, right) => left.number - right.number,
    );
    for (const extension of extensions) {
      this.#addField(plan, this.#field(extension, extension.jsonName, -1), []);
    }
    plan.start.nextKey = plan.byKey.values().next().value;
    this.#steps.finish(plan, type);
    return plan;
  }

  #addField(plan: MessagePlan, field: FieldPlan, otherNames: string[]): void {
    field.rank = plan.fields.length;
    plan.fields.push(field);
    plan.required += field.required;
    for (const tag of [field.tag, field.packedTag]) {
      if (tag === 0) continue;
      if (tag < DIRECT_TAGS) plan.byTag[tag] = field;
      else plan.byLargeTag.set(tag, field);
    }
    // A name in the .proto file must not hide another field's JSON name.
    for (const name of [field.jsonName, ...otherNames]) {
      if (name === field.jsonName || !plan.byKey.has(name)) {
        const key: KeyPlan = { quoted: Buffer.from(JSON.stringify(name)), field };
        plan.byKey.set(name, key);
        plan.byDigest.set(digestOf(key.quoted, 1, key.quoted.length - 2), key);
      }
    }
  }

  #field(desc: DescField | DescExtension, label: string, oneof: number): FieldPlan {
    const field = new FieldPlan();
    field.label = label;
    field.jsonName = desc.jsonName === '' ? camelName(desc.name) : desc.jsonName;
    field.number = desc.number;
    field.nameBytes = Buffer.from(`,${JSON.stringify(field.jsonName)}:`);
    field.implicit =
      desc.presence === IMPLICIT_PRESENCE && (desc.fieldKind === 'scalar' || desc.fieldKind === 'enum');
    field.required = desc.presence === LEGACY_REQUIRED ? 1 : 0;
    field.oneof = oneof;
    field.oneofBit = oneof >= 0 && oneof < MAX_ONEOF_BITS ? 1 << oneof : 0;
    switch (desc.fieldKind) {
      case 'scalar':
      case 'enum':
      case 'message':
        this.#value(field, desc);
        field.printField = printSingular;
        field.parseField = parseSingular;
        break;
      case 'list':
        this.#value(field, desc);
        field.arity = 'list';
        field.printField = printList;
        field.parseField = parseList;
        this.#list(field, desc.packed);
        break;
      case 'map':
        field.arity = 'map';
        field.tag = ((desc.number << 3) | WireType.LEN) >>> 0;
        field.tagBytes = varint(field.tag);
        field.entry = this.#entry(desc, label);
        field.printField = printMap;
        field.parseField = parseMap;
        break;
    }
    return field;
  }

  #list(field: FieldPlan, packed: boolean): void {
    if (field.enumeration?.closed === true) {
      field.leavesOutUnknown = true;
      field.readValue = ENUM_KIND.read;
    }
    const wireType = field.tag & 7;
    if (wireType === WireType.LEN || wireType === WireType.START_GROUP) return;
    field.packedTag = ((field.number << 3) | WireType.LEN) >>> 0;
    field.packed = packed;
    if (packed) field.tagBytes = varint(field.packedTag);
  }

  /** A map's entry as a message of two fields. */
  #entry(desc: DescField & { fieldKind: 'map' }, label: string): MessagePlan {
    const entry = new MessagePlan(`${label} (entry)`);
    const key = new FieldPlan();
    key.label = label;
    key.number = 1;
    key.jsonName = 'key';
    key.scalar = desc.mapKey;
    key.utf8 = desc.utf8Validation;
    use(key, keyKind(desc.mapKey));
    const value = new FieldPlan();
    value.label = label;
    value.number = 2;
    value.jsonName = 'value';
    value.rank = 1;
    this.#value(value, desc);
    entry.fields = [key, value];
    entry.byTag[key.tag] = key;
    entry.byTag[value.tag] = value;
    return entry;
  }

  #value(field: FieldPlan, desc: DescField | DescExtension): void {
    if (desc.message !== undefined) {
      field.message = this.message(desc.message);
      field.takesNull = desc.message.typeName === 'google.protobuf.Value';
      const delimited = desc.fieldKind !== 'map' && desc.delimitedEncoding === true;
      use(field, delimited ? GROUP_KIND : MESSAGE_KIND);
      if (delimited) field.endTagBytes = varint(((field.number << 3) | WireType.END_GROUP) >>> 0);
    } else if (desc.enum !== undefined) {
      field.enumeration = this.#enum(desc.enum);
      field.zero = desc.enum.values[0]?.number ?? 0;
      field.takesNull = desc.enum.typeName === 'google.protobuf.NullValue';
      use(field, field.takesNull ? NULL_KIND : ENUM_KIND);
      if (!desc.enum.open) field.readValue = readClosedEnum;
    } else {
      field.scalar = desc.scalar as ScalarType;
      field.utf8 = desc.utf8Validation;
      use(field, scalarKind(field.scalar));
    }
  }

  #enum(desc: DescEnum): EnumPlan {
    const known = this.#enums.get(desc);
    if (known !== undefined) return known;
    const names = new Map<number, Uint8Array>();
    const numbers = new Map<string, number>();
    // Of several names of a number the first is printed; all are read. A declared name goes before a custom one.
    for (const value of desc.values) {
      if (!names.has(value.number)) names.set(value.number, Buffer.from(JSON.stringify(value.jsonName)));
      numbers.set(value.jsonName, value.number);
    }
    for (const value of desc.values) numbers.set(value.name, value.number);
    const smallNames = Array.from({ length: 128 }, (_, number) => names.get(number));
    const plan: EnumPlan = { typeName: desc.typeName, names, smallNames, numbers, closed: !desc.open };
    this.#enums.set(desc, plan);
    return plan;
  }
}

function use(field: FieldPlan, kind: Kind): void {
  field.readValue = kind.read;
  field.printValue = kind.print;
  field.parseValue = kind.parse;
  field.tag = ((field.number << 3) | kind.wireType) >>> 0;
  field.tagBytes = varint(field.tag);
}

/** The JSON name that a compiler gives; for descriptors that come without. */
function camelName(name: string): string {
  return name.replace(/_+(.?)/g, (_, letter: string) => letter.toUpperCase());
}
