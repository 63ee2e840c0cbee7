import { SchemaError } from '../problem/index.js';
import { readEscapes } from './string-escape.js';

/** One token of a .proto file. Lines and columns count from 0, as in google.protobuf.SourceCodeInfo. */
export interface Token {
  readonly kind: 'word' | 'integer' | 'float' | 'string' | 'symbol' | 'end';
  /** As written; of a string without its quotes. */
  readonly text: string;
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
  /** The comment that stands directly above, in the form protoc gives it; undefined when there is none. */
  readonly comment: string | undefined;
  /** The comment behind it on its line, in the same form. */
  behind: string | undefined;
  /** The value of a string: bytes, because `\xff` need not be UTF-8. Empty for every other kind. */
  readonly bytes: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);
// Sticky, so that each is tried only where the last token ended: one pass over the source, no copies of it.
const BLANK = /[ \t\r\v\f]+/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /(?:0[xX][0-9A-Fa-f]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?![A-Za-z_])/y;
/** Longer than any number that a field or an option can hold: what is longer is not worked out. */
const MAX_NUMBER_LENGTH = 500;
const INTEGER = /^(?:0[xX][0-9A-Fa-f]+|0[0-7]*|[1-9][0-9]*)$/;

/**
 * Splits a .proto file into tokens; the last is of kind "end".
 * Source: https://protobuf.dev/reference/protobuf/proto3-spec/#lexical_elements
 * Throws `SchemaError` with file, line and column.
 */
export function tokensFromSource(fileName: string, source: string): Token[] {
  const tokens: Token[] = [];
  let at = source.charCodeAt(0) === 0xfeff ? 1 : 0;
  let line = 0;
  let lineStart = at;
  let lastTokenLine = -1;
  let comment: { text: string; endLine: number; block: boolean } | undefined;

  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };
  const fail = (problem: string): never => {
    throw new SchemaError(`${fileName}:${line + 1}:${at - lineStart + 1}: ${problem}`);
  };
  const add = (kind: Token['kind'], text: string, length: number, bytes: Uint8Array = NO_BYTES): void => {
    const leading = comment !== undefined && comment.endLine >= line - 1 ? comment.text : undefined;
    const column = at - lineStart;
    tokens.push({
      kind,
      text,
      line,
      column,
      endColumn: column + length,
      comment: leading,
      behind: undefined,
      bytes,
    });
    comment = undefined;
    lastTokenLine = line;
    at += length;
  };

  while (at < source.length) {
    const char = source[at] as string;
    if (char === '\n') {
      at += 1;
      line += 1;
      lineStart = at;
      continue;
    }
    const blank = match(BLANK);
    if (blank !== null) {
      at += blank[0].length;
      continue;
    }
    if (source.startsWith('//', at)) {
      const end = source.indexOf('\n', at);
      const stop = end === -1 ? source.length : end;
      const text = `${source.slice(at + 2, stop).replace(/\r$/, '')}\n`;
      // A comment behind a token on its line belongs to that token, not to the next one.
      const last = line === lastTokenLine ? tokens.at(-1) : undefined;
      if (last !== undefined) last.behind = text;
      else {
        const joins = comment !== undefined && !comment.block && comment.endLine === line - 1;
        comment = { text: joins ? `${comment?.text}${text}` : text, endLine: line, block: false };
      }
      at = stop;
      continue;
    }
    if (source.startsWith('/*', at)) {
      const end = source.indexOf('*/', at + 2);
      if (end === -1) fail('the comment has no end, "*/" is missing');
      const body = source.slice(at + 2, end);
      const behindToken = line === lastTokenLine;
      for (
        let next = source.indexOf('\n', at);
        next !== -1 && next < end;
        next = source.indexOf('\n', next + 1)
      ) {
        line += 1;
        lineStart = next + 1;
      }
      const last = behindToken ? tokens.at(-1) : undefined;
      const text = body.replace(/\n[ \t]*\*?/g, '\n');
      if (last !== undefined) last.behind = text;
      else comment = { text, endLine: line, block: true };
      at = end + 2;
      continue;
    }
    const word = match(WORD);
    if (word !== null) {
      add('word', word[0], word[0].length);
      continue;
    }
    if (char === '"' || char === "'") {
      // By hand, since a pattern with that many turns would overflow the stack.
      let end = at + 1;
      while (source[end] !== char) {
        if (end >= source.length || source[end] === '\n') fail('the string has no end on its line');
        end += source[end] === '\\' && source[end + 1] !== '\n' ? 2 : 1;
      }
      const raw = source.slice(at + 1, end);
      add('string', raw, end + 1 - at, readEscapes(raw, fail));
      continue;
    }
    const number = match(NUMBER);
    if (number !== null) {
      if (number[0].length > MAX_NUMBER_LENGTH)
        fail(`a number has more than ${MAX_NUMBER_LENGTH} characters`);
      const kind = INTEGER.test(number[0]) ? 'integer' : 'float';
      if (kind === 'float' && /^0[0-9]+$/.test(number[0])) fail(`"${number[0]}" is not an octal number`);
      add(kind, number[0], number[0].length);
      continue;
    }
    if (/[0-9]/.test(char)) fail('a number must be followed by a space or a symbol');
    if (!'{}[]()<>=;:,.-+/'.includes(char)) fail(`unexpected character ${JSON.stringify(char)}`);
    add('symbol', char, 1);
  }
  add('end', 'end of file', 0);
  return tokens;
}
