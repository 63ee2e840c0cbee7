import { SchemaError } from '../problem/index.js';
import { type Token, tokensFromSource } from './token.js';

/** The highest field number. Source: google/protobuf/descriptor.proto. */
export const MAX_FIELD_NUMBER = 536_870_911;

/** Messages in messages, and values in values: deeper than any real file, and no stack runs out before it. */
export const MAX_NESTING = 100;

/** Walks over the tokens of one file. Every method that expects something throws `SchemaError` with the place. */
export class TokenReader {
  readonly fileName: string;
  /** Characters of the source. */
  readonly length: number;
  #tokens: readonly Token[];
  #index = 0;
  #depth = 0;

  constructor(fileName: string, source: string) {
    this.fileName = fileName;
    this.length = source.length;
    this.#tokens = tokensFromSource(fileName, source);
  }

  /** Lets go of the tokens, which take more memory than anything else of a file. From then on it only makes errors, for tokens that the caller has. */
  release(): void {
    this.#tokens = [];
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#index + ahead, this.#tokens.length - 1)] as Token;
  }

  next(): Token {
    const token = this.peek();
    this.#index += 1;
    return token;
  }

  /** The token before the current one: where a declaration ended. */
  last(): Token {
    return this.#tokens[Math.max(0, this.#index - 1)] as Token;
  }

  fail(problem: string, token: Token = this.peek()): never {
    throw this.error(problem, token);
  }

  error(problem: string, token: Token): SchemaError {
    return new SchemaError(`${this.fileName}:${token.line + 1}:${token.column + 1}: ${problem}`);
  }

  #unexpected(wanted: string): never {
    const token = this.peek();
    return this.fail(
      `expected ${wanted}, found ${token.kind === 'end' ? 'the end of the file' : `"${token.text}"`}`,
    );
  }

  isSymbol(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'symbol' && token.text === text;
  }

  isWord(text: string): boolean {
    const token = this.peek();
    return token.kind === 'word' && token.text === text;
  }

  acceptSymbol(text: string): boolean {
    const found = this.isSymbol(text);
    if (found) this.#index += 1;
    return found;
  }

  acceptWord(text: string): boolean {
    const found = this.isWord(text);
    if (found) this.#index += 1;
    return found;
  }

  expectSymbol(text: string): Token {
    if (!this.isSymbol(text)) this.#unexpected(`"${text}"`);
    return this.next();
  }

  expectWord(text: string): Token {
    if (!this.isWord(text)) this.#unexpected(`"${text}"`);
    return this.next();
  }

  identifier(what: string): string {
    if (this.peek().kind !== 'word') this.#unexpected(what);
    return this.next().text;
  }

  /** "a.b.C", or ".a.b.C" where `absolute` names are allowed. */
  qualifiedName(what: string, absolute = true): string {
    const at = this.peek();
    const leading = absolute && this.acceptSymbol('.') ? '.' : '';
    const parts = [this.identifier(what)];
    while (this.acceptSymbol('.')) {
      // Names are looked up scope by scope.
      if (parts.length === MAX_NESTING) this.fail(`${what} has more than ${MAX_NESTING} parts`, at);
      parts.push(this.identifier(what));
    }
    return leading + parts.join('.');
  }

  /** One string literal or several in a row, which are one value. */
  bytes(what: string): Uint8Array {
    if (this.peek().kind !== 'string') this.#unexpected(what);
    const parts: Uint8Array[] = [];
    while (this.peek().kind === 'string') parts.push(this.next().bytes);
    return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
  }

  text(what: string): string {
    const token = this.peek();
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.bytes(what));
    } catch (error) {
      if (error instanceof SchemaError) throw error;
      return this.fail(`${what} is not valid UTF-8`, token);
    }
  }

  /** An integer between the bounds. */
  integer(what: string, least: number, most: number): number {
    const token = this.peek();
    const negative = least < 0 && this.acceptSymbol('-');
    if (this.peek().kind !== 'integer') this.#unexpected(what);
    const size = integerFromText(this.next().text);
    const value = negative ? -size : size;
    if (value < BigInt(least) || value > BigInt(most)) {
      this.fail(`${what} must be between ${least} and ${most}, found ${value}`, token);
    }
    return Number(value);
  }

  /** Reads `{ ... }`, calling `each` for every statement; empty statements are skipped. */
  block(each: () => void): void {
    this.expectSymbol('{');
    this.nested(() => {
      while (!this.acceptSymbol('}')) {
        if (this.peek().kind === 'end') this.#unexpected('"}"');
        if (!this.acceptSymbol(';')) each();
      }
    });
  }

  /** Runs `inside` one level deeper; too deep is an error rather than a stack overflow. */
  nested<T>(inside: () => T): T {
    if (this.#depth >= MAX_NESTING) this.fail(`nested more than ${MAX_NESTING} levels deep`);
    this.#depth += 1;
    const result = inside();
    this.#depth -= 1;
    return result;
  }
}

/** The value of an integer token: decimal, 0x... or octal. */
export function integerFromText(text: string): bigint {
  return /^0[0-7]+$/.test(text) ? BigInt(`0o${text.slice(1)}`) : BigInt(text);
}
