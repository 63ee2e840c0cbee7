import { TextDecoder } from 'node:util';
import { SettingsError } from '../options/index.js';

/** A JSON value as it was written, and the line on which it begins, from 1. */
export interface JsonValueText {
  readonly text: string;
  readonly line: number;
}

export interface JsonValuesOptions {
  /** The longest value, in UTF-16 units. */
  readonly maxLength: number;
  /** A line always ends its value, as where somebody types. Otherwise objects and lists may have several lines. */
  readonly byLine: boolean;
  /** In front of "line 1", in errors: "--data, ". */
  readonly name?: string;
}

/**
 * The JSON values of a text that comes in pieces, as NDJSON or simply one behind the other, each as soon as it is whole. What begins with neither `{` nor
 * `[` ends with its line. Nothing is checked but where values end. Rejects with `SettingsError` that names the line for a value that is too long or has no
 * end, and for bytes that are not UTF-8.
 */
export async function* jsonValues(
  chunks: AsyncIterable<Uint8Array>,
  { maxLength, byLine, name = '' }: JsonValuesOptions,
): AsyncGenerator<JsonValueText> {
  const splitter = new ValueSplitter(byLine);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for await (const chunk of chunks) {
    yield* splitter.take(decoded(decoder, name, splitter, chunk));
    if (splitter.length > maxLength)
      throw new SettingsError(`${name}line ${splitter.line}: longer than ${maxLength} characters`);
  }
  yield* splitter.take(`${decoded(decoder, name, splitter)}\n`);
  if (splitter.length > 0) throw new SettingsError(`${name}line ${splitter.line}: this JSON has no end`);
}

function decoded(decoder: TextDecoder, name: string, { line }: ValueSplitter, chunk?: Uint8Array): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch {
    throw new SettingsError(`${name}line ${line}: not UTF-8`);
  }
}

class ValueSplitter {
  readonly #byLine: boolean;
  /** What belongs to the value that has begun. */
  #parts = '';
  #depth = 0;
  /** In a value that has no brackets. */
  #isBare = false;
  #isString = false;
  #isEscaped = false;
  #newlines = 0;
  /** Where the value begins that has begun, else where the next may begin. */
  line = 1;

  constructor(byLine: boolean) {
    this.#byLine = byLine;
  }

  /** Of the value that has begun. */
  get length(): number {
    return this.#parts.length;
  }

  /** The values that end in this piece. */
  *take(piece: string): Generator<JsonValueText> {
    let from = 0;
    for (let at = 0; at < piece.length; at += 1) {
      const char = piece[at] as string;
      const isBetween = this.#depth === 0 && !this.#isBare;
      if (char === '\n') {
        this.#newlines += 1;
        if (isBetween || this.#isBare || this.#byLine) {
          if (!isBetween) yield this.#end(piece.slice(from, at));
          this.line = this.#newlines + 1;
          from = at + 1;
        }
        continue;
      }
      if (isBetween) {
        if (char === ' ' || char === '\t' || char === '\r') continue;
        from = at;
        this.line = this.#newlines + 1;
        if (char === '{' || char === '[') this.#depth = 1;
        else this.#isBare = true;
      } else if (!this.#isBare && this.#isLast(char)) {
        yield this.#end(piece.slice(from, at + 1));
        from = at + 1;
      }
    }
    if (this.#depth > 0 || this.#isBare) this.#parts += piece.slice(from);
  }

  /** Goes on by one character of a value with brackets; whether it is its last. */
  #isLast(char: string): boolean {
    if (this.#isString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (char === '\\') this.#isEscaped = true;
      else if (char === '"') this.#isString = false;
      return false;
    }
    if (char === '"') this.#isString = true;
    else if (char === '{' || char === '[') this.#depth += 1;
    else if (char === '}' || char === ']') this.#depth -= 1;
    return this.#depth === 0;
  }

  #end(rest: string): JsonValueText {
    const value = { text: (this.#parts + rest).trim(), line: this.line };
    this.#parts = '';
    this.#depth = 0;
    this.#isBare = false;
    this.#isString = false;
    this.#isEscaped = false;
    return value;
  }
}
