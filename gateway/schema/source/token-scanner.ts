import { type CommentRange, commentText } from './comment-text.js';
import type { SourceText } from './source-text.js';
import { readEscapes } from './string-escape.js';

export type TokenKind = 'word' | 'integer' | 'float' | 'string' | 'symbol' | 'end';

/** Where a declaration begins. Lines and columns count from 0, as in google.protobuf.SourceCodeInfo. */
export interface TokenPlace {
  readonly at: number;
  readonly line: number;
  readonly column: number;
  /** The comment that stands directly above, in the form protoc gives it; undefined when there is none. */
  readonly comment: string | undefined;
}

/** What a character may begin. */
const BLANK = 1;
const WORD = 2;
const DIGIT = 3;
const QUOTE = 4;
const SYMBOL = 5;
const CLASSES = new Uint8Array(128);
/** The texts of symbols by their codes. */
const SYMBOLS: string[] = [];
function classify(characters: string, what: number): void {
  for (const character of characters) CLASSES[character.charCodeAt(0)] = what;
}
classify(' \t\r\v\f', BLANK);
classify('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_', WORD);
classify('0123456789', DIGIT);
classify(`"'`, QUOTE);
classify('{}[]()<>=;:,.-+/', SYMBOL);
for (let code = 0; code < CLASSES.length; code += 1) SYMBOLS.push(String.fromCharCode(code));

const LINE_FEED = 10;
const STAR = 42;
const DOT = 46;
const SLASH = 47;
const ZERO = 48;
const BACKSLASH = 92;

const NUMBER = /(?:0[xX][0-9A-Fa-f]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?![A-Za-z_])/y;
/** Longer than any number that a field or an option can hold: what is longer is not worked out. */
const MAX_NUMBER_LENGTH = 500;
const INTEGER = /^(?:0[xX][0-9A-Fa-f]+|0[0-7]*|[1-9][0-9]*)$/;

/**
 * Walks over the tokens of a .proto file, of which there is one at a time: as objects they would take more memory than the file and all that is made of it.
 * Source: https://protobuf.dev/reference/protobuf/proto3-spec/#lexical_elements
 * Throws `SchemaError` with file, line and column.
 */
export class TokenScanner {
  readonly source: SourceText;
  readonly #text: string;
  /** The current token; the last one is of kind "end". */
  kind: TokenKind = 'end';
  /** As written; of a string without its quotes. */
  text = '';
  /** Where it begins. */
  start = 0;
  /** The value of a string with escapes: bytes, because `\xff` need not be UTF-8. */
  protected escaped: Uint8Array | undefined;
  #end: number;
  #line = 0;
  #lineStart: number;
  #comment: (CommentRange & { readonly endLine: number }) | undefined;
  /** The token before the current one: where a declaration ended. */
  lastLine = -1;
  lastEndColumn = 0;
  #isLastSemicolon = false;
  #behind: CommentRange | undefined;

  constructor(source: SourceText) {
    this.source = source;
    this.#text = source.text;
    this.#end = source.begin;
    this.#lineStart = source.begin;
    this.#scan();
  }

  /** Goes to the next token. */
  next(): void {
    this.lastLine = this.#line;
    this.lastEndColumn = this.#end - this.#lineStart;
    this.#isLastSemicolon = this.kind === 'symbol' && this.text === ';';
    this.#scan();
  }

  place(): TokenPlace {
    const comment = this.#comment;
    const isAbove = comment !== undefined && comment.endLine >= this.#line - 1;
    return {
      at: this.start,
      line: this.#line,
      column: this.start - this.#lineStart,
      comment: isAbove ? commentText(this.#text, comment) : undefined,
    };
  }

  /** The comment behind the last token on its line, where that is a `;`: what stands behind a `}` is about what is before it, and not about the whole block. */
  behind(): string | undefined {
    const range = this.#isLastSemicolon ? this.#behind : undefined;
    return range && commentText(this.#text, range);
  }

  /** Whether the token behind the current one is, or begins with, a character. */
  isNext(character: string): boolean {
    return this.#text[this.#skip(this.#end)] === character;
  }

  /** Whether a word follows, and a character behind it. */
  isNextWordBefore(character: string): boolean {
    let at = this.#skip(this.#end);
    if (classOf(this.#text.charCodeAt(at)) !== WORD) return false;
    at = wordEnd(this.#text, at);
    return this.#text[this.#skip(at)] === character;
  }

  /** Where the next token begins, without going there. */
  #skip(from: number): number {
    let at = from;
    for (;;) {
      const code = this.#text.charCodeAt(at);
      if (code === LINE_FEED || classOf(code) === BLANK) at += 1;
      else if (code !== SLASH) return at;
      else {
        const isBlock = this.#text.charCodeAt(at + 1) === STAR;
        if (!isBlock && this.#text.charCodeAt(at + 1) !== SLASH) return at;
        const end = this.#text.indexOf(isBlock ? '*/' : '\n', at + 2);
        if (end === -1) return this.#text.length;
        at = isBlock ? end + 2 : end;
      }
    }
  }

  #scan(): void {
    const text = this.#text;
    let at = this.#end;
    this.#comment = undefined;
    this.#behind = undefined;
    // Never beyond its end, where the engine drops what it has compiled for characters.
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code === LINE_FEED) {
        at += 1;
        this.#line += 1;
        this.#lineStart = at;
      } else if (classOf(code) === BLANK) at += 1;
      else if (code === SLASH && text.charCodeAt(at + 1) === SLASH) at = this.#lineComment(at);
      else if (code === SLASH && text.charCodeAt(at + 1) === STAR) at = this.#blockComment(at);
      else break;
    }
    this.start = at;
    this.#token(at);
  }

  #token(at: number): void {
    const text = this.#text;
    if (at >= text.length) {
      this.kind = 'end';
      this.text = 'end of file';
      this.#end = at;
      return;
    }
    const code = text.charCodeAt(at);
    switch (classOf(code)) {
      case WORD:
        this.#set('word', wordEnd(text, at));
        return;
      case SYMBOL:
        if (code === DOT && classOf(text.charCodeAt(at + 1)) === DIGIT) this.#number(at);
        else {
          this.kind = 'symbol';
          this.text = SYMBOLS[code] as string;
          this.#end = at + 1;
        }
        return;
      case DIGIT:
        this.#number(at);
        return;
      case QUOTE:
        this.#string(at, code);
        return;
      default:
        this.source.fail(`unexpected character ${JSON.stringify(text[at])}`, at);
    }
  }

  #set(kind: TokenKind, end: number): void {
    this.kind = kind;
    this.text = this.#text.slice(this.start, end);
    this.#end = end;
  }

  #number(at: number): void {
    const text = this.#text;
    let end = at;
    while (classOf(text.charCodeAt(end)) === DIGIT) end += 1;
    // Most are plain, such as the numbers of fields.
    const next = text.charCodeAt(end);
    const isDecimal = end === at + 1 || (end > at && text.charCodeAt(at) !== ZERO);
    if (isDecimal && classOf(next) !== WORD && next !== DOT && end - at <= MAX_NUMBER_LENGTH) {
      this.#set('integer', end);
      return;
    }
    NUMBER.lastIndex = at;
    const number = NUMBER.exec(text)?.[0];
    if (number === undefined) throw this.source.error('a number must be followed by a space or a symbol', at);
    if (number.length > MAX_NUMBER_LENGTH)
      this.source.fail(`a number has more than ${MAX_NUMBER_LENGTH} characters`, at);
    const kind = INTEGER.test(number) ? 'integer' : 'float';
    if (kind === 'float' && /^0[0-9]+$/.test(number))
      this.source.fail(`"${number}" is not an octal number`, at);
    this.#set(kind, at + number.length);
  }

  #string(at: number, quote: number): void {
    const text = this.#text;
    let end = at + 1;
    let hasEscapes = false;
    for (let code = text.charCodeAt(end); code !== quote; code = text.charCodeAt(end)) {
      if (end >= text.length || code === LINE_FEED) this.source.fail('the string has no end on its line', at);
      if (code === BACKSLASH) {
        hasEscapes = true;
        if (text.charCodeAt(end + 1) !== LINE_FEED) end += 1;
      }
      end += 1;
    }
    this.kind = 'string';
    this.text = text.slice(at + 1, end);
    this.#end = end + 1;
    this.escaped = hasEscapes
      ? readEscapes(this.text, (problem) => this.source.fail(problem, at))
      : undefined;
  }

  /** A comment behind a token on its line belongs to that token, not to the next one. */
  #lineComment(start: number): number {
    const found = this.#text.indexOf('\n', start);
    const end = found === -1 ? this.#text.length : found;
    if (this.#line === this.lastLine) this.#behind = { start, end, isBlock: false };
    else {
      const above = this.#comment;
      const joins = above !== undefined && !above.isBlock && above.endLine === this.#line - 1;
      this.#comment = { start: joins ? above.start : start, end, isBlock: false, endLine: this.#line };
    }
    return end;
  }

  #blockComment(start: number): number {
    const text = this.#text;
    const close = text.indexOf('*/', start + 2);
    if (close === -1) this.source.fail('the comment has no end, "*/" is missing', start);
    const end = close + 2;
    const isBehind = this.#line === this.lastLine;
    for (
      let next = text.indexOf('\n', start);
      next !== -1 && next < close;
      next = text.indexOf('\n', next + 1)
    ) {
      this.#line += 1;
      this.#lineStart = next + 1;
    }
    if (isBehind) this.#behind = { start, end, isBlock: true };
    else this.#comment = { start, end, isBlock: true, endLine: this.#line };
    return end;
  }
}

/** Of what is not ASCII, and of what is behind the end: none. */
function classOf(code: number): number | undefined {
  return CLASSES[code];
}

function wordEnd(text: string, from: number): number {
  let at = from + 1;
  for (
    let what = classOf(text.charCodeAt(at));
    what === WORD || what === DIGIT;
    what = classOf(text.charCodeAt(at))
  )
    at += 1;
  return at;
}
