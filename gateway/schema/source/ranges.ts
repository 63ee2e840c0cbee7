import type { FileDraft } from './draft.js';
import type { TokenReader } from './token-reader.js';

/** Reads `2, 4 to 6, 10 to max`; `end` is the last number that belongs to the range. */
export function readRanges(
  reader: TokenReader,
  least: number,
  most: number,
): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  do {
    const at = reader.start;
    const start = reader.integer('the start of a range', least, most);
    let end = start;
    if (reader.acceptWord('to')) {
      end = reader.acceptWord('max') ? most : reader.integer('the end of a range', least, most);
    }
    if (end < start) reader.fail(`the range ends before it starts: ${start} to ${end}`, at);
    ranges.push({ start, end });
  } while (reader.acceptSymbol(','));
  return ranges;
}

/** Reads the names of `reserved "a", "b"` (in editions `reserved a, b`); undefined when numbers follow. */
export function readReservedNames({ reader, syntax }: FileDraft): string[] | undefined {
  const { kind } = reader;
  if (kind !== 'string' && kind !== 'word') return undefined;
  if ((kind === 'word') !== (syntax === 'editions')) {
    reader.fail(
      syntax === 'editions' ? 'reserved names have no quotes in editions' : 'reserved names need quotes',
    );
  }
  const names: string[] = [];
  do
    names.push(kind === 'word' ? reader.identifier('a reserved name') : reader.stringText('a reserved name'));
  while (reader.acceptSymbol(','));
  return names;
}
