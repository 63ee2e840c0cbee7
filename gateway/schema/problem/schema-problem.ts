/**
 * Something of a schema that cannot be used, for whoever runs the gateway: what it is, why, and where.
 * In `/_sluice/services`, the log and `/readyz`.
 */
export class SchemaProblem {
  /** "pkg.Service/Method", "pkg.Service", the name of a type, or that of a file. */
  readonly name: string;
  /** One sentence. At most `MAX_REASON_CHARS`. */
  readonly reason: string;
  /** The file of the declaration that is to be mended, as the schema names it; absent where none is known. */
  readonly file: string | undefined;

  constructor(name: string, reason: string, file?: string) {
    this.name = shortened(name);
    this.reason = shortened(reason);
    this.file = file === undefined || file === '' ? undefined : shortened(file);
  }

  /** Without the file. */
  toString(): string {
    return `${this.name}: ${this.reason}`;
  }
}

/** Longest part of a problem: names and texts come from the service. */
const MAX_REASON_CHARS = 600;
/** How many problems are kept: more help nobody, and a broken schema has as many as it has methods. */
const MAX_PROBLEMS = 1_000;

/** Problems as they are found; what is beyond a thousand is only counted. */
export class ProblemList {
  readonly #problems: SchemaProblem[] = [];
  #more = 0;

  add(problem: SchemaProblem): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(problem);
    else this.#more += 1;
  }

  /** What was added, in order; the last says how many more there were. */
  list(): readonly SchemaProblem[] {
    if (this.#more === 0) return [...this.#problems];
    return [...this.#problems, new SchemaProblem('schema', `${this.#more} more problems are not shown`)];
  }
}

function shortened(text: string): string {
  const line = text.replace(/[\r\n]+/g, ' ');
  return line.length <= MAX_REASON_CHARS ? line : `${line.slice(0, MAX_REASON_CHARS)}...`;
}
