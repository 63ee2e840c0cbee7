import type { SchemaError } from '../problem/index.js';
import { SourceText } from './source-text.js';
import { TokenScanner } from './token-scanner.js';

/** The highest field number. Source: google/protobuf/descriptor.proto. */
export const MAX_FIELD_NUMBER = 536_870_911;

/** Messages in messages, and values in values: deeper than any real file, and no stack runs out before it. */
export const MAX_NESTING = 100;

/** Digits of a number that is exact as one. */
const EXACT_DIGITS = 15;

/** A string literal: bytes where it has escapes, because `\xff` need not be UTF-8. */
export type StringLiteral = string | Uint8Array;

/** Walks over the tokens of one file. Every method that expects something throws `SchemaError` with the place. */
export class TokenReader extends TokenScanner {
  #depth = 0;

  constructor(fileName: string, source: string) {
    super(new SourceText(fileName, source));
  }

  /** `at`: a place in the source; by default where the current token is. */
  fail(problem: string, at: number = this.start): never {
    throw this.error(problem, at);
  }

  error(problem: string, at: number): SchemaError {
    return this.source.error(problem, at);
  }

  #unexpected(wanted: string): never {
    return this.fail(
      `expected ${wanted}, found ${this.kind === 'end' ? 'the end of the file' : `"${this.text}"`}`,
    );
  }

  isSymbol(text: string): boolean {
    return this.kind === 'symbol' && this.text === text;
  }

  isWord(text: string): boolean {
    return this.kind === 'word' && this.text === text;
  }

  acceptSymbol(text: string): boolean {
    const found = this.isSymbol(text);
    if (found) this.next();
    return found;
  }

  acceptWord(text: string): boolean {
    const found = this.isWord(text);
    if (found) this.next();
    return found;
  }

  expectSymbol(text: string): void {
    if (!this.acceptSymbol(text)) this.#unexpected(`"${text}"`);
  }

  expectWord(text: string): void {
    if (!this.acceptWord(text)) this.#unexpected(`"${text}"`);
  }

  identifier(what: string): string {
    if (this.kind !== 'word') this.#unexpected(what);
    const { text } = this;
    this.next();
    return text;
  }

  /** "a.b.C", or ".a.b.C" where `absolute` names are allowed. */
  qualifiedName(what: string, absolute = true): string {
    const at = this.start;
    const leading = absolute && this.acceptSymbol('.') ? '.' : '';
    const first = this.identifier(what);
    if (!this.isSymbol('.')) return leading + first;
    const parts = [first];
    while (this.acceptSymbol('.')) {
      // Names are looked up scope by scope.
      if (parts.length === MAX_NESTING) this.fail(`${what} has more than ${MAX_NESTING} parts`, at);
      parts.push(this.identifier(what));
    }
    return leading + parts.join('.');
  }

  /** One string literal or several in a row, which are one value. */
  literal(what: string): StringLiteral {
    if (this.kind !== 'string') this.#unexpected(what);
    const first = this.#oneLiteral();
    if ((this.kind as string) !== 'string') return first;
    const parts = [first];
    while ((this.kind as string) === 'string') parts.push(this.#oneLiteral());
    return parts.every((part) => typeof part === 'string')
      ? parts.join('')
      : Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'utf8') : part)));
  }

  #oneLiteral(): StringLiteral {
    const value = this.escaped ?? this.text;
    this.next();
    return value;
  }

  stringText(what: string): string {
    const at = this.start;
    return textFromLiteral(this.literal(what)) ?? this.fail(`${what} is not valid UTF-8`, at);
  }

  /** An integer between the bounds. */
  integer(what: string, least: number, most: number): number {
    const at = this.start;
    const negative = least < 0 && this.acceptSymbol('-');
    if (this.kind !== 'integer') this.#unexpected(what);
    const { text } = this;
    this.next();
    const isShort = text.length <= EXACT_DIGITS && (text.length === 1 || !text.startsWith('0'));
    const size = isShort ? Number(text) : integerFromText(text);
    const value = negative ? -size : size;
    if (value < least || value > most) {
      this.fail(`${what} must be between ${least} and ${most}, found ${value}`, at);
    }
    return Number(value);
  }

  /** Reads `{ ... }`, calling `each` for every statement; empty statements are skipped. */
  block(each: () => void): void {
    this.expectSymbol('{');
    this.nested(() => {
      while (!this.acceptSymbol('}')) {
        if (this.kind === 'end') this.#unexpected('"}"');
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

/** `undefined` for bytes that are no UTF-8. */
export function textFromLiteral(literal: StringLiteral): string | undefined {
  if (typeof literal === 'string') return literal;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(literal);
  } catch {
    return undefined;
  }
}

export function bytesFromLiteral(literal: StringLiteral): Uint8Array {
  return typeof literal === 'string' ? Buffer.from(literal, 'utf8') : literal;
}

/** The value of an integer token: decimal, 0x... or octal. */
export function integerFromText(text: string): bigint {
  return /^0[0-7]+$/.test(text) ? BigInt(`0o${text.slice(1)}`) : BigInt(text);
}
