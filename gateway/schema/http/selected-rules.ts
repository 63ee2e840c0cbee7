import type { HttpRule } from './http-rule.js';

/** A rule of a service configuration: which methods it is for, and their paths in place of those that their proto says. */
export interface SelectedRule {
  /** Patterns with commas between them: see `assertSelector`. */
  readonly selector: string;
  /** Absent: the methods have no path but their gRPC path. */
  readonly rule: HttpRule | undefined;
}

const PART = /^[A-Za-z_]\w*$/;

function isPattern(text: string): boolean {
  const parts = text.split('.');
  return parts.every((part, index) => PART.test(part) || (part === '*' && index === parts.length - 1));
}

function patternsOf(selector: string): string[] {
  return selector.split(',').map((pattern) => pattern.trim());
}

/**
 * Throws an `Error` for a text that is no selector: the full names of methods, as `pkg.Service.Method`, with commas between them. The last
 * part of a name may be `*`, for all that is below it, and `*` alone is every method. Source: google/api/documentation.proto, `selector`.
 */
export function assertSelector(selector: string): void {
  for (const pattern of patternsOf(selector)) {
    if (isPattern(pattern)) continue;
    const dotted = pattern.replace(/^\//, '').replace('/', '.');
    const meant = dotted !== pattern && isPattern(dotted) ? `, as ${dotted}` : '';
    throw new Error(
      `has no method of the name ${JSON.stringify(pattern.slice(0, 100))}: write pkg.Service.Method${meant}; only the last part may be "*"`,
    );
  }
}

/** Which rule each method has. Costs as much as there are rules, and for each method as the longest of their patterns is. */
export class RuleSelection {
  /** By pattern, the number of the last rule that has it. */
  readonly #numbers = new Map<string, number>();
  #longest = 0;

  /** The selectors must be valid. */
  constructor(rules: readonly SelectedRule[]) {
    for (const [number, { selector }] of rules.entries()) {
      for (const pattern of patternsOf(selector)) {
        this.#numbers.set(pattern, number);
        this.#longest = Math.max(this.#longest, pattern.length);
      }
    }
  }

  /** The number of the last rule that selects `pkg.Service.Method`. Source: google.api.Http, "last one wins". */
  numberOf(name: string): number | undefined {
    let last = -1;
    for (const pattern of this.#patternsFor(name)) last = Math.max(last, this.#numbers.get(pattern) ?? -1);
    return last === -1 ? undefined : last;
  }

  /** The patterns that select none of these names, each with the number of its last rule. */
  unused(names: Iterable<string>): { readonly pattern: string; readonly number: number }[] {
    const left = new Map(this.#numbers);
    for (const name of names) for (const pattern of this.#patternsFor(name)) left.delete(pattern);
    return [...left].map(([pattern, number]) => ({ pattern, number }));
  }

  /** For "a.b.C": itself, "*", "a.*" and "a.b.*", as far as any pattern is that long. */
  *#patternsFor(name: string): Generator<string> {
    yield name;
    for (let end = 0; end < this.#longest; end = name.indexOf('.', end) + 1) {
      yield `${name.slice(0, end)}*`;
      if (!name.includes('.', end)) return;
    }
  }
}
