import { SchemaError } from '../problem/index.js';

const LINE_FEED = 10;
const BYTE_ORDER_MARK = 0xfeff;

/** The text of a .proto file. Places in it are counted in characters from its start, and become lines and columns when somebody asks. */
export class SourceText {
  readonly fileName: string;
  readonly text: string;
  /** Where its first line begins: behind a byte order mark. */
  readonly begin: number;
  /** Where each line begins; made for the first error. */
  #lines: readonly number[] | undefined;

  constructor(fileName: string, text: string) {
    this.fileName = fileName;
    this.text = text;
    this.begin = text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0;
  }

  /** Throws `SchemaError` with file, line and column. */
  fail(problem: string, at: number): never {
    throw this.error(problem, at);
  }

  error(problem: string, at: number): SchemaError {
    this.#lines ??= linesOf(this.text, this.begin);
    const lines = this.#lines;
    let low = 0;
    for (let high = lines.length; high - low > 1; ) {
      const middle = (low + high) >>> 1;
      if ((lines[middle] as number) <= at) low = middle;
      else high = middle;
    }
    const column = at - (lines[low] as number);
    return new SchemaError(`${this.fileName}:${low + 1}:${column + 1}: ${problem}`);
  }
}

function linesOf(text: string, begin: number): number[] {
  const lines = [begin];
  for (let at = begin; at < text.length; at += 1) if (text.charCodeAt(at) === LINE_FEED) lines.push(at + 1);
  return lines;
}
