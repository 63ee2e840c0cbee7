// Pure, no Node: what a browser shows is made by the same code as what the server keeps.
import {
  type Operation,
  rangesAfterDelete,
  rangesAfterInsert,
  subtractRanges,
  type TextRange,
} from './operation.js';

/** A range with a format. */
export interface Format extends TextRange {
  readonly format: string;
}

/** Text with at most one format a character. `formats` are sorted, do not overlap and are as few as possible. */
export interface RichText {
  readonly content: string;
  readonly formats: readonly Format[];
}

export const emptyText: RichText = { content: '', formats: [] };

/** The document after an operation that fits it. Inserted text has no format until a FORMAT gives it one. */
export function applyOperation(text: RichText, operation: Operation): RichText {
  const { content, formats } = text;
  switch (operation.kind) {
    case 'INSERT': {
      const { position, text: inserted } = operation;
      return {
        content: content.slice(0, position) + inserted + content.slice(position),
        formats: formats.flatMap(({ format, ...range }) =>
          rangesAfterInsert(range, position, inserted.length).map((part) => ({ ...part, format })),
        ),
      };
    }
    case 'DELETE': {
      const { ranges } = operation;
      if (ranges.length === 0) return text;
      const kept = formats.flatMap(({ format, ...range }) =>
        rangesAfterDelete(range, ranges).map((part) => ({ ...part, format })),
      );
      return { content: withoutRanges(content, ranges), formats: joined(kept) };
    }
    case 'FORMAT': {
      const { ranges, format } = operation;
      if (ranges.length === 0) return text;
      const from = ranges[0]?.start ?? 0;
      const to = ranges.at(-1)?.end ?? 0;
      const others = formats.flatMap((kept) => {
        // Most are elsewhere.
        if (kept.end <= from || kept.start >= to) return [kept];
        return subtractRanges([kept], ranges).map((part) => ({ ...part, format: kept.format }));
      });
      const added = format === '' ? [] : ranges.map((range) => ({ ...range, format }));
      return { content, formats: joined([...others, ...added].sort((a, b) => a.start - b.start)) };
    }
  }
}

/** Whether a position lies between the two halves of a character beyond U+FFFF, where nothing may be cut. */
export function splitsCharacter(content: string, position: number): boolean {
  if (position <= 0 || position >= content.length) return false;
  const before = content.charCodeAt(position - 1);
  const after = content.charCodeAt(position);
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}

function withoutRanges(content: string, ranges: readonly TextRange[]): string {
  let kept = '';
  let from = 0;
  for (const { start, end } of ranges) {
    kept += content.slice(from, start);
    from = end;
  }
  return kept + content.slice(from);
}

// Sorted, not overlapping in; neighbours of one format become one.
function joined(formats: readonly Format[]): Format[] {
  const result: Format[] = [];
  for (const next of formats) {
    const last = result.at(-1);
    if (last !== undefined && last.end === next.start && last.format === next.format) {
      result[result.length - 1] = { ...last, end: next.end };
    } else {
      result.push(next);
    }
  }
  return result;
}
