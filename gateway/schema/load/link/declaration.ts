import type {
  DescriptorProto,
  EnumDescriptorProto,
  FieldDescriptorProto,
  FileDescriptorProto,
} from '@bufbuild/protobuf/wkt';

/** A file that takes part, and whether it is one of those that Sluice brings along, which are sound and never changed. */
export interface LinkFile {
  readonly proto: FileDescriptorProto;
  readonly isBase: boolean;
}

/** Why something cannot be used: where the cause is, which need not be where it shows. */
export interface Fault {
  /** The full name of what is to be mended. */
  readonly name: string;
  readonly reason: string;
  readonly file: string;
}

interface Declared {
  readonly scope: Scope;
  readonly file: LinkFile;
  /** The top-level declaration it is in; itself if it is one. */
  readonly top: Declaration;
  /** Set when it cannot be used. */
  fault: Fault | undefined;
  /** What it cannot do without. */
  readonly uses: Declaration[];
}

export interface MessageDeclaration extends Declared {
  readonly kind: 'message';
  readonly proto: DescriptorProto;
  readonly parent: MessageDeclaration | undefined;
}

export interface EnumDeclaration extends Declared {
  readonly kind: 'enum';
  readonly proto: EnumDescriptorProto;
}

export interface ExtensionDeclaration extends Declared {
  readonly kind: 'extension';
  readonly proto: FieldDescriptorProto;
  /** Where its names are looked up. */
  readonly place: Scope;
}

/** A type or an extension that some file declares. */
export type Declaration = MessageDeclaration | EnumDeclaration | ExtensionDeclaration;

/** A package or a message: names are declared in it and looked up from it outwards. */
export class Scope {
  /** "pkg.Message", or "" for the outermost. */
  readonly fullName: string;
  readonly depth: number;
  readonly outer: Scope | undefined;
  /** The message, enum or extension of this name. */
  declared: Declaration | undefined;
  readonly #inner = new Map<string, Scope>();

  constructor(fullName = '', outer?: Scope) {
    this.fullName = fullName;
    this.outer = outer;
    this.depth = outer === undefined ? 0 : outer.depth + 1;
  }

  /** The scope of a name in this one; made when there is none. */
  enter(name: string): Scope {
    let inner = this.#inner.get(name);
    if (inner === undefined) {
      inner = new Scope(this.fullName === '' ? name : `${this.fullName}.${name}`, this);
      this.#inner.set(name, inner);
    }
    return inner;
  }

  /**
   * What a name means here: with a leading dot what has that full name, else what the innermost scope has in which the whole name
   * means one of `kinds`. That is protobuf's rule, but that a scope which has only the first part of the name hides nothing:
   * protobufjs shortens names without regard to it. Costs as many steps as there are scopes around it.
   */
  find(name: string, kinds: readonly Declaration['kind'][]): Declaration | undefined {
    const absolute = name.startsWith('.');
    const parts = (absolute ? name.slice(1) : name).split('.');
    for (let scope: Scope | undefined = absolute ? this.#outermost() : this; scope; scope = scope.outer) {
      const found = scope.#walk(parts);
      if (found !== undefined && kinds.includes(found.kind)) return found;
    }
    return undefined;
  }

  #walk(parts: readonly string[]): Declaration | undefined {
    let scope: Scope | undefined = this;
    for (const part of parts) {
      scope = scope.#inner.get(part);
      if (scope === undefined) return undefined;
    }
    return scope.declared;
  }

  #outermost(): Scope {
    let scope: Scope = this;
    while (scope.outer !== undefined) scope = scope.outer;
    return scope;
  }
}
