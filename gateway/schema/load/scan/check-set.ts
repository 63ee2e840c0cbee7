import {
  FieldDescriptorProto_Type as FieldType,
  FieldDescriptorProto_Label as Label,
} from '@bufbuild/protobuf/wkt';
import type { Steps } from '../../../async/index.js';
import { baseFiles } from '../../base/index.js';
import { componentsOf } from '../link/index.js';
import { assertPlain, FieldCursor } from './field-cursor.js';
import { IDENTIFIER_ONLY, textOf } from './scan-text.js';
import type { ScannedExtension, ScannedField, ScannedFile, ScannedSet, ScannedType } from './scanned.js';

const MAX_FIELD_NUMBER = 2 ** 29 - 1;

/**
 * Throws `NotPlain` unless every declaration is sound: whatever `linkFiles` would find fault with, or mend in a way that others could see, is not plain.
 * Notes which files use which, and puts them in order. A step is a type, or the methods of a service.
 */
export function* checkSteps({ bytes, files, types }: ScannedSet): Steps<void> {
  const check = new SetCheck(bytes, types);
  for (const file of files) {
    for (const type of file.types) {
      if (type.kind === 'message') check.message(type);
      else check.enum(type);
      yield;
    }
    for (const extension of file.extensions) check.extension(extension);
    for (const { methods } of file.services) {
      for (const { input, output } of methods) {
        check.use(file.serviceUses, input, 'message');
        check.use(file.serviceUses, output, 'message');
      }
      yield;
    }
    file.uses.delete(file);
  }
  let rank = 0;
  for (const group of componentsOf(files, filesOf)) {
    assertPlain(group.length === 1, 'files in a circle');
    (group[0] as ScannedFile).rank = rank++;
  }
}

function filesOf({ uses }: ScannedFile): ScannedFile[] {
  return [...uses].filter((used) => typeof used !== 'string');
}

class SetCheck {
  readonly #bytes: Buffer;
  readonly #types: ReadonlyMap<string, ScannedType>;
  readonly #names = new Set<string>();
  readonly #numbers = new Set<number>();

  constructor(bytes: Buffer, types: ReadonlyMap<string, ScannedType>) {
    this.#bytes = bytes;
    this.#types = types;
  }

  message(type: ScannedType): void {
    const cursor = new FieldCursor(this.#bytes, type.start, type.stop);
    this.#names.clear();
    this.#numbers.clear();
    let oneofs = 0;
    let lastOneof = -1;
    const fields: ScannedField[] = [];
    while (cursor.next()) {
      if (cursor.number === 2) {
        const field = scannedField(this.#bytes, cursor);
        this.#field(field, type.file, type);
        assertPlain(!this.#names.has(field.name) && !this.#numbers.has(field.number), 'a field twice');
        this.#names.add(field.name);
        this.#numbers.add(field.number);
        if (field.oneof > lastOneof) lastOneof = field.oneof;
        if (type.isMapEntry) fields.push(field);
      } else if (cursor.number === 8) {
        oneofs += 1;
        this.#onlyName(cursor.inner());
      }
    }
    assertPlain(lastOneof < oneofs, 'a oneof that is missing');
    if (type.isMapEntry) checkEntry(type, fields);
  }

  enum({ start, stop }: ScannedType): void {
    let values = 0;
    this.#onlyName(new FieldCursor(this.#bytes, start, stop));
    const cursor = new FieldCursor(this.#bytes, start, stop);
    while (cursor.next()) {
      if (cursor.number !== 2) continue;
      values += 1;
      this.#onlyName(cursor.inner());
    }
    assertPlain(values > 0, 'an enum without values');
  }

  /** The name comes first, and is the only one: of several the last would count. */
  #onlyName(cursor: FieldCursor): void {
    assertPlain(cursor.next() && cursor.number === 1, 'something without its name');
    assertPlain(IDENTIFIER_ONLY.test(textOf(this.#bytes, cursor)), 'the name of a value or a oneof');
    while (cursor.next()) assertPlain(cursor.number !== 1, 'two names');
  }

  extension(extension: ScannedExtension): void {
    const { file, start, stop } = extension;
    const field = readField(this.#bytes, new FieldCursor(this.#bytes, start, stop), true);
    const isNamed = extension.fullName.endsWith(field.name);
    assertPlain(field.oneof === -1 && isNamed, 'an extension in a oneof, or with two names');
    this.#field(field, file, undefined);
    assertPlain(field.extendee.startsWith('.'), 'an extension of what is not named in full');
    extension.extendee = field.extendee.slice(1);
    extension.number = field.number;
    this.use(file.uses, extension.extendee, 'message');
  }

  /** Notes that a file uses a type. Throws `NotPlain` where there is none of this name and kind. */
  use(uses: ScannedFile['uses'], fullName: string, kind: ScannedType['kind']): void {
    const own = this.#types.get(fullName);
    if (own !== undefined) {
      assertPlain(own.kind === kind && !own.isMapEntry, 'a type of another kind');
      uses.add(own.file);
      return;
    }
    const base = baseFiles().registry.get(fullName);
    assertPlain(base !== undefined && base.kind === kind, 'a type that is missing');
    uses.add(base.file.proto.name);
  }

  /** Whether an enum has a value of this name. */
  #hasValue(fullName: string, name: string): boolean {
    const type = this.#types.get(fullName);
    if (type === undefined) {
      const base = baseFiles().registry.getEnum(fullName);
      return base?.values.some((value) => value.name === name) ?? false;
    }
    const cursor = new FieldCursor(this.#bytes, type.start, type.stop);
    while (cursor.next()) {
      if (cursor.number !== 2) continue;
      const inner = cursor.inner();
      if (inner.next() && textOf(this.#bytes, inner) === name) return true;
    }
    return false;
  }

  #field(field: ScannedField, file: ScannedFile, message: ScannedType | undefined): void {
    const { number, label, type, typeName, oneof } = field;
    assertPlain(IDENTIFIER_ONLY.test(field.name), 'the name of a field');
    assertPlain(number >= 1 && number <= MAX_FIELD_NUMBER, 'the number of a field');
    assertPlain(label in Label && type in FieldType, 'its label or type');
    assertPlain(oneof === -1 || label !== Label.REPEATED, 'a repeated field in a oneof');
    if (type !== FieldType.MESSAGE && type !== FieldType.ENUM && type !== FieldType.GROUP) return;
    assertPlain(typeName.startsWith('.'), 'a type that is not named in full');
    const fullName = typeName.slice(1);
    const entry = this.#types.get(fullName);
    if (entry?.isMapEntry === true) {
      const isOwn = entry.parent === message && message !== undefined;
      assertPlain(isOwn && label === Label.REPEATED && type === FieldType.MESSAGE, 'the entry of a map');
      return;
    }
    this.use(file.uses, fullName, type === FieldType.ENUM ? 'enum' : 'message');
    if (type !== FieldType.ENUM || field.defaultValue === undefined) return;
    assertPlain(this.#hasValue(fullName, field.defaultValue), 'the default of an enum');
  }
}

const NO_KEYS: readonly FieldType[] = [
  FieldType.DOUBLE,
  FieldType.FLOAT,
  FieldType.BYTES,
  FieldType.MESSAGE,
  FieldType.GROUP,
  FieldType.ENUM,
];

function checkEntry({ parent }: ScannedType, fields: readonly ScannedField[]): void {
  const [key, value] = fields;
  const isEntry = fields.length === 2 && key?.number === 1 && value?.number === 2 && parent !== undefined;
  assertPlain(isEntry, 'the entry of a map');
  const isSingle = key.label !== Label.REPEATED && value.label !== Label.REPEATED;
  assertPlain(isSingle && !NO_KEYS.includes(key.type), 'the key of a map');
}

/** The field at a cursor over a message. */
export function scannedField(bytes: Buffer, cursor: FieldCursor): ScannedField {
  return readField(bytes, cursor.inner(), false);
}

function readField(
  bytes: Buffer,
  cursor: FieldCursor,
  isExtension: boolean,
): ScannedField & { readonly extendee: string } {
  const field = {
    name: '',
    extendee: '',
    number: 0,
    label: 0,
    type: 0,
    typeName: '',
    oneof: -1,
    defaultValue: undefined as string | undefined,
  };

  while (cursor.next()) {
    switch (cursor.number) {
      case 1:
        field.name = textOf(bytes, cursor);
        break;
      case 2:
        field.extendee = textOf(bytes, cursor);
        break;
      case 3:
        field.number = cursor.value;
        break;
      case 4:
        field.label = cursor.value;
        break;
      case 5:
        field.type = cursor.value;
        break;
      case 6:
        field.typeName = textOf(bytes, cursor);
        break;
      case 7:
        field.defaultValue = textOf(bytes, cursor);
        break;
      case 9:
        field.oneof = cursor.value;
        break;
    }
  }
  assertPlain(isExtension || field.extendee === '', 'an extension among the fields');

  return field;
}
