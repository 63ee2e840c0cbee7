import { Edition } from '@bufbuild/protobuf/wkt';
import type { Steps } from '../../../async/index.js';
import { baseFiles } from '../../base/index.js';
import { checkSteps } from './check-set.js';
import { assertPlain, FieldCursor, NotPlain } from './field-cursor.js';
import { IDENTIFIER_ONLY, textOf } from './scan-text.js';
import type { ScannedFile, ScannedMethod, ScannedSet, ScannedType } from './scanned.js';

const OUR_PACKAGE = 'google.protobuf';
/** The same bounds as for sets that are read as a whole: see `declareFiles`. */
const MAX_DEPTH = 32;
const MAX_NAME_CHARS = 512;

/**
 * What a serialized google.protobuf.FileDescriptorSet declares and where, when it is plain: sound in every part, each name once, files in no circle, as
 * compilers write them. `undefined` for any other, which is to be read as a whole. Takes one walk over its bytes, and makes an object a type and a
 * method; a field costs no memory. A step is what a file declares.
 */
export function* scanSteps(set: Uint8Array): Steps<ScannedSet | undefined> {
  const bytes = Buffer.from(set.buffer, set.byteOffset, set.length);
  try {
    const scan = new SetScan(bytes);
    const cursor = new FieldCursor(bytes, 0, bytes.length);
    while (cursor.next()) if (cursor.number === 1) yield* scan.addFile(cursor.start, cursor.stop);
    const scanned = { bytes, files: scan.files, types: scan.types };
    yield* checkSteps(scanned);
    return scanned;
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

class SetScan {
  readonly files: ScannedFile[] = [];
  readonly types = new Map<string, ScannedType>();
  readonly #bytes: Buffer;
  readonly #names = new Set<string>();
  /** Every full name, of extensions and services as well. */
  readonly #taken = new Set<string>();

  /** What full names of base files begin with. */
  readonly #ourRoots: ReadonlySet<string>;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#ourRoots = new Set(
      [...baseFiles().byName.values()].map((file) => file.package.split('.')[0] as string),
    );
  }

  *addFile(start: number, stop: number): Steps<void> {
    const cursor = new FieldCursor(this.#bytes, start, stop);
    let file: ScannedFile | undefined;
    let name = '';
    let packageName = '';
    let isOurs: boolean | undefined;
    let syntax = '';
    let edition = 0;
    const begun = () => {
      file ??= this.#begin(name, packageName, start, stop);
      return file;
    };
    while (cursor.next()) {
      yield;
      switch (cursor.number) {
        case 1:
        case 2:
          assertPlain(file === undefined, 'its name behind what is in it');
          if (cursor.number === 1) name = this.#bytes.toString('utf8', cursor.start, cursor.stop);
          else packageName = textOf(this.#bytes, cursor);
          break;
        case 4:
        case 5: {
          const own = this.#nameIn(cursor.inner());
          const inOurs = this.#isOurs(begun(), join(packageName, own));
          assertPlain(isOurs === undefined || isOurs === inOurs, 'a file that is ours in part');
          isOurs = inOurs;
          if (isOurs) break;
          if (cursor.number === 4) this.#addMessage(begun(), packageName, undefined, cursor, 1);
          else this.#addEnum(begun(), packageName, undefined, cursor);
          break;
        }
        case 6:
          this.#addService(begun(), packageName, cursor);
          break;
        case 7:
          assertPlain(packageName !== OUR_PACKAGE, 'an extension of ours');
          this.#addExtension(begun(), packageName, cursor);
          break;
        case 12:
          syntax = textOf(this.#bytes, cursor);
          break;
        case 14:
          edition = cursor.value;
          break;
      }
    }
    const isKnown =
      syntax === 'editions'
        ? edition > Edition.EDITION_PROTO3 && edition <= Edition.EDITION_2024
        : syntax === '' || syntax === 'proto2' || syntax === 'proto3';
    assertPlain(isKnown, 'its syntax');
    begun();
  }

  #begin(name: string, packageName: string, start: number, stop: number): ScannedFile {
    const isName = name !== '' && !/[#\ufffd]/.test(name) && !this.#names.has(name);
    assertPlain(isName, 'the name of a file');
    this.#names.add(name);
    const parts = packageName === '' ? [] : packageName.split('.');
    const isPackage = parts.length <= MAX_DEPTH && parts.every((part) => IDENTIFIER_ONLY.test(part));
    assertPlain(isPackage && packageName.length < MAX_NAME_CHARS, 'its package');
    const file: ScannedFile = {
      name,
      emittedName: baseFiles().byName.has(name) ? `${name}#2` : name,
      package: packageName,
      isNearOurs: packageName === '' || this.#ourRoots.has(parts[0] as string),
      start,
      stop,
      types: [],
      extensions: [],
      services: [],
      uses: new Set(),
      serviceUses: new Set(),
      rank: 0,
    };
    this.files.push(file);
    return file;
  }

  /** Whether what we bring along counts in its place: then what it says itself does not matter. */
  #isOurs(file: ScannedFile, fullName: string): boolean {
    if (!file.isNearOurs) return false;
    const ours = baseFiles().registry.get(fullName);
    if (ours === undefined) return false;
    assertPlain(ours.file.proto.name === file.name, 'one of our types in another file');
    return file.package === OUR_PACKAGE;
  }

  #addMessage(
    file: ScannedFile,
    outer: string,
    parent: ScannedType | undefined,
    { start, stop }: FieldCursor,
    depth: number,
  ): void {
    const cursor = new FieldCursor(this.#bytes, start, stop);
    const fullName = this.#declare(file, outer, this.#nameIn(cursor));
    assertPlain(depth <= MAX_DEPTH, 'too deep');
    const type: ScannedType = { kind: 'message', fullName, file, parent, start, stop, isMapEntry: false };
    file.types.push(type);
    this.types.set(fullName, type);
    while (cursor.next()) {
      switch (cursor.number) {
        case 1:
          throw new NotPlain('two names');
        case 3:
          this.#addMessage(file, fullName, type, cursor, depth + 1);
          break;
        case 4:
          this.#addEnum(file, fullName, type, cursor);
          break;
        case 6:
          this.#addExtension(file, fullName, cursor);
          break;
        case 7:
          for (const options = cursor.inner(); options.next(); )
            if (options.number === 7) type.isMapEntry = options.value !== 0;
          break;
      }
    }
  }

  #addEnum(
    file: ScannedFile,
    outer: string,
    parent: ScannedType | undefined,
    { start, stop }: FieldCursor,
  ): void {
    const fullName = this.#declare(file, outer, this.#nameIn(new FieldCursor(this.#bytes, start, stop)));
    const type: ScannedType = { kind: 'enum', fullName, file, parent, start, stop, isMapEntry: false };
    file.types.push(type);
    this.types.set(fullName, type);
  }

  #addExtension(file: ScannedFile, outer: string, { start, stop }: FieldCursor): void {
    const fullName = this.#declare(file, outer, this.#nameIn(new FieldCursor(this.#bytes, start, stop)));
    file.extensions.push({ fullName, file, start, stop, extendee: '', number: 0 });
  }

  #addService(file: ScannedFile, outer: string, cursor: FieldCursor): void {
    const inner = cursor.inner();
    const fullName = this.#declare(file, outer, this.#nameIn(inner));
    const methods: ScannedMethod[] = [];
    const names = new Set<string>();
    while (inner.next()) {
      assertPlain(inner.number !== 1, 'two names');
      if (inner.number !== 2) continue;
      const method = this.#method(fullName, inner.inner());
      assertPlain(!names.has(method.name), 'a method twice');
      names.add(method.name);
      methods.push(method);
    }
    file.services.push({ fullName, file, methods });
  }

  #method(service: string, cursor: FieldCursor): ScannedMethod {
    const name = this.#nameIn(cursor);
    const method = {
      name,
      path: `/${service}/${name}`,
      input: '',
      output: '',
      requestStream: false,
      responseStream: false,
      optionsStart: 0,
      optionsStop: 0,
    };
    while (cursor.next()) {
      switch (cursor.number) {
        case 1:
          throw new NotPlain('two names');
        case 2:
          method.input = textOf(this.#bytes, cursor);
          break;
        case 3:
          method.output = textOf(this.#bytes, cursor);
          break;
        case 4:
          assertPlain(method.optionsStop === 0, 'options twice');
          method.optionsStart = cursor.start;
          method.optionsStop = cursor.stop;
          break;
        case 5:
          method.requestStream = cursor.value !== 0;
          break;
        case 6:
          method.responseStream = cursor.value !== 0;
          break;
      }
    }
    assertPlain(method.input.startsWith('.') && method.output.startsWith('.'), 'a type without its package');
    method.input = method.input.slice(1);
    method.output = method.output.slice(1);
    return method;
  }

  /** The name that comes first. */
  #nameIn(cursor: FieldCursor): string {
    assertPlain(cursor.next() && cursor.number === 1, 'a name that does not come first');
    const name = textOf(this.#bytes, cursor);
    assertPlain(IDENTIFIER_ONLY.test(name), 'a name');
    return name;
  }

  #declare(file: ScannedFile, outer: string, name: string): string {
    const fullName = join(outer, name);
    assertPlain(fullName.length < MAX_NAME_CHARS && !this.#taken.has(fullName), 'a name twice');
    if (file.isNearOurs) {
      const ours = baseFiles().registry.get(fullName);
      assertPlain(ours === undefined || ours.file.proto.name === file.name, 'one of our names');
    }
    this.#taken.add(fullName);
    return fullName;
  }
}

function join(outer: string, name: string): string {
  return outer === '' ? name : `${outer}.${name}`;
}
