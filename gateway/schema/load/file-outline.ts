import { bare, MAX_NAME_CHARS } from './reflection-names.js';
import { FieldCursor } from './scan/index.js';

/** A name of a type in a file, and where it stands. */
export interface Reference {
  readonly name: string;
  readonly scope: string;
}

/** What a file is called, what it needs and what it declares. */
export interface FileOutline {
  readonly name: string;
  readonly dependencies: readonly string[];
  /** What grpc-go sends for an import that it does not know: a name and nothing in it. */
  readonly isPlaceholder: boolean;
  /** Full names. */
  readonly declared: readonly string[];
  readonly references: readonly Reference[];
  /** Messages that say that they can be extended. */
  readonly extendable: readonly string[];
  /** Extensions by what they extend and their number. */
  readonly extensions: readonly string[];
}

/**
 * The outline of a serialized google.protobuf.FileDescriptorProto, without making a descriptor of it: of a large schema most are never needed whole. What
 * it leaves out whoever reads the whole finds. Throws `NotPlain` where bytes are malformed, or there are groups.
 */
export function outlineOf(bytes: Uint8Array): FileOutline {
  const reader = new OutlineReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  return reader.file();
}

/** The key of an extension in an outline. */
export function extensionKey(extendee: string, number: number): string {
  return `${extendee} ${number}`;
}

/** Fields of descriptors that have the name of what they describe: all but FieldDescriptorProto have it first as well. */
const NAME = 1;

class OutlineReader {
  readonly #bytes: Buffer;
  readonly #declared: string[] = [];
  readonly #references: Reference[] = [];
  readonly #extendable: string[] = [];
  readonly #extensions: string[] = [];
  #package = '';

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  file(): FileOutline {
    const dependencies: string[] = [];
    let name = '';
    let syntax = '';
    let parts = 0;
    // The package first, wherever it stands: of several the last one counts.
    for (const cursor = this.#all(); cursor.next(); ) {
      if (cursor.number === 1) name = this.#text(cursor);
      else if (cursor.number === 2) this.#package = this.#text(cursor);
      else if (cursor.number === 3) dependencies.push(this.#text(cursor));
      else if (cursor.number === 12) syntax = this.#text(cursor);
      else if (cursor.number >= 4 && cursor.number <= 6) parts += 1;
    }
    for (const cursor = this.#all(); cursor.next(); ) {
      if (cursor.number === 4) this.#message(cursor, this.#package);
      else if (cursor.number === 5) this.#declare(this.#package, this.#nameIn(cursor));
      else if (cursor.number === 6) this.#service(cursor);
      else if (cursor.number === 7) this.#extension(cursor, this.#package);
    }
    return {
      name,
      dependencies,
      isPlaceholder: syntax.startsWith('<') && parts === 0,
      declared: this.#declared,
      references: this.#references,
      extendable: this.#extendable,
      extensions: this.#extensions,
    };
  }

  #all(): FieldCursor {
    return new FieldCursor(this.#bytes, 0, this.#bytes.length);
  }

  #message(at: FieldCursor, outer: string): void {
    const scope = within(outer, this.#nameIn(at));
    // Longer names are not linked, and would cost much together. This bounds the depth as well.
    if (scope.length > MAX_NAME_CHARS) return;
    this.#declared.push(scope);
    let isExtendable = false;
    for (const cursor = at.inner(); cursor.next(); ) {
      if (cursor.number === 2) this.#field(cursor, scope);
      else if (cursor.number === 3) this.#message(cursor, scope);
      else if (cursor.number === 4) this.#declare(scope, this.#nameIn(cursor));
      else if (cursor.number === 5) isExtendable = true;
      else if (cursor.number === 6) this.#extension(cursor, scope);
    }
    // Options are ours to know.
    if (isExtendable && this.#package !== 'google.protobuf') this.#extendable.push(scope);
  }

  #field(at: FieldCursor, scope: string): void {
    let name = '';
    let typeName = '';
    for (const cursor = at.inner(); cursor.next(); ) {
      if (cursor.number === NAME) name = this.#text(cursor);
      else if (cursor.number === 6) typeName = this.#text(cursor);
    }
    this.#refer(typeName, scope);
    // Some servers describe an extension in use as a field that is called by its full name.
    if (name.startsWith('.')) this.#refer(name, scope);
  }

  #extension(at: FieldCursor, scope: string): void {
    let name = '';
    let extendee = '';
    let number = 0;
    let typeName = '';
    for (const cursor = at.inner(); cursor.next(); ) {
      if (cursor.number === NAME) name = this.#text(cursor);
      else if (cursor.number === 2) extendee = this.#text(cursor);
      else if (cursor.number === 3) number = cursor.value;
      else if (cursor.number === 6) typeName = this.#text(cursor);
    }
    this.#declare(scope, name);
    this.#extensions.push(extensionKey(bare(extendee), number));
    this.#refer(typeName, scope);
    this.#refer(extendee, scope);
  }

  #service(at: FieldCursor): void {
    const scope = within(this.#package, this.#nameIn(at));
    this.#declared.push(scope);
    for (const cursor = at.inner(); cursor.next(); ) {
      if (cursor.number !== 2) continue;
      for (const method = cursor.inner(); method.next(); )
        if (method.number === 2 || method.number === 3) this.#refer(this.#text(method), scope);
    }
  }

  #declare(scope: string, name: string): void {
    this.#declared.push(within(scope, name));
  }

  #refer(name: string, scope: string): void {
    if (name !== '') this.#references.push({ name, scope });
  }

  #nameIn(at: FieldCursor): string {
    const cursor = at.inner();
    let name = '';
    while (cursor.next()) if (cursor.number === NAME) name = this.#text(cursor);
    return name;
  }

  #text({ start, stop }: FieldCursor): string {
    return this.#bytes.toString('utf8', start, stop);
  }
}

function within(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`;
}
