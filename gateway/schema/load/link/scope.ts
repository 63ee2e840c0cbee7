import type { Declaration } from './declaration.js';

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
