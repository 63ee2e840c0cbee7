import { integerFromText, type StringLiteral, type TokenReader } from './token-reader.js';

/** The value of an option as written, and where; what it means depends on the type of the option. */
export type ProtoOptionValue =
  | { readonly kind: 'word'; readonly text: string; readonly negative: boolean; readonly at: number }
  | { readonly kind: 'integer'; readonly value: bigint; readonly at: number }
  | { readonly kind: 'float'; readonly value: number; readonly at: number }
  | { readonly kind: 'string'; readonly literal: StringLiteral; readonly at: number }
  | { readonly kind: 'message'; readonly fields: readonly MessageEntry[]; readonly at: number }
  | { readonly kind: 'list'; readonly items: readonly ProtoOptionValue[]; readonly at: number };

/** One field of an aggregate value. */
export interface MessageEntry {
  /** "name", "[pkg.extension]" as `extension`, or "[type.googleapis.com/pkg.Type]" as `any`. */
  readonly kind: 'field' | 'extension' | 'any';
  readonly name: string;
  readonly value: ProtoOptionValue;
  readonly at: number;
}

/** One part of an option's name: `(pkg.ext)` is an extension. */
export interface NamePart {
  readonly name: string;
  readonly extension: boolean;
}

/** Reads `name = value` without the word `option` and without what ends it. */
export function readOption(reader: TokenReader): { name: NamePart[]; value: ProtoOptionValue; at: number } {
  const at = reader.start;
  const name: NamePart[] = [];
  do {
    if (reader.acceptSymbol('(')) {
      name.push({ name: reader.qualifiedName('the name of an extension'), extension: true });
      reader.expectSymbol(')');
    } else {
      name.push({ name: reader.identifier('the name of an option'), extension: false });
    }
  } while (reader.acceptSymbol('.'));
  reader.expectSymbol('=');
  const value = reader.isSymbol('{') ? readMessage(reader) : readScalar(reader);
  return { name, value, at };
}

function readScalar(reader: TokenReader): ProtoOptionValue {
  const at = reader.start;
  const negative = reader.acceptSymbol('-');
  if (!negative) reader.acceptSymbol('+');
  const { text } = reader;
  switch (reader.kind) {
    case 'word':
      reader.next();
      return { kind: 'word', text, negative, at };
    case 'integer': {
      reader.next();
      const value = integerFromText(text);
      return { kind: 'integer', value: negative ? -value : value, at };
    }
    case 'float': {
      reader.next();
      return { kind: 'float', value: negative ? -Number(text) : Number(text), at };
    }
    case 'string':
      if (negative) break;
      return { kind: 'string', literal: reader.literal('a string'), at };
    default:
  }
  return reader.fail('expected the value of an option');
}

/** Reads `{ ... }` or `< ... >` in the text format. Source: https://protobuf.dev/reference/protobuf/textformat-spec/ */
function readMessage(reader: TokenReader): ProtoOptionValue {
  const at = reader.start;
  const close = reader.isSymbol('<') ? '>' : '}';
  reader.next();
  const fields: MessageEntry[] = [];
  reader.nested(() => {
    while (!reader.acceptSymbol(close)) {
      fields.push(readEntry(reader));
      if (!reader.acceptSymbol(',')) reader.acceptSymbol(';');
    }
  });
  return { kind: 'message', fields, at };
}

function readEntry(reader: TokenReader): MessageEntry {
  const at = reader.start;
  let kind: MessageEntry['kind'] = 'field';
  let name: string;
  if (reader.acceptSymbol('[')) {
    kind = 'extension';
    name = reader.qualifiedName('the name of an extension');
    while (reader.acceptSymbol('/')) {
      kind = 'any';
      name += `/${reader.qualifiedName('the name of a type', false)}`;
    }
    reader.expectSymbol(']');
  } else {
    name = reader.identifier('the name of a field');
  }
  const colon = reader.acceptSymbol(':');
  if (reader.isSymbol('{') || reader.isSymbol('<')) return { kind, name, value: readMessage(reader), at };
  if (reader.isSymbol('[')) return { kind, name, value: readList(reader), at };
  if (!colon) reader.expectSymbol(':');
  return { kind, name, value: readScalar(reader), at };
}

function readList(reader: TokenReader): ProtoOptionValue {
  const at = reader.start;
  reader.expectSymbol('[');
  const items: ProtoOptionValue[] = [];
  if (reader.acceptSymbol(']')) return { kind: 'list', items, at };
  do {
    items.push(reader.isSymbol('{') || reader.isSymbol('<') ? readMessage(reader) : readScalar(reader));
  } while (reader.acceptSymbol(','));
  reader.expectSymbol(']');
  return { kind: 'list', items, at };
}
