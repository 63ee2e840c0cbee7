// Pure, no Node: a browser's editor needs the same transformation for its unacknowledged operations.

/** UTF-16 code units from `start` up to, not including, `end`; never empty. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/**
 * A change of a document. `ranges` are sorted, do not overlap, and all mean the same document: the one before the operation. There
 * is more than one when text was inserted into the range by somebody else meanwhile, which the operation must not touch. No
 * ranges: nothing is left to do. An empty `format` removes.
 */
export type Operation =
  | { readonly kind: 'INSERT'; readonly position: number; readonly text: string }
  | { readonly kind: 'DELETE'; readonly ranges: readonly TextRange[] }
  | { readonly kind: 'FORMAT'; readonly ranges: readonly TextRange[]; readonly format: string };

/** Where an operation stands in the server's order, compared with the one it is transformed against. */
export type Order = 'earlier' | 'later';

/**
 * The operation that does to a document changed by `other` what `operation` does to the document before both.
 *
 * Convergence (TP1): for `first`, which the server has put before `second`,
 * `first` then `transform(second, first, 'later')` gives the same document as `second` then `transform(first, second, 'earlier')`.
 * With one server that orders everything, no more is needed.
 *
 * - Two inserts at one place: the earlier one's text comes first.
 * - Text inserted inside a range that another deletes or formats stays, unformatted: the range splits around it.
 * - Text that both delete is deleted once.
 * - Where two formats meet, the later one stays.
 */
export function transform(operation: Operation, other: Operation, order: Order): Operation {
  switch (other.kind) {
    case 'INSERT':
      return afterInsert(operation, other.position, other.text.length, order);
    case 'DELETE':
      return afterDelete(operation, other.ranges);
    case 'FORMAT':
      if (operation.kind !== 'FORMAT' || order === 'later') return operation;
      return { ...operation, ranges: subtractRanges(operation.ranges, other.ranges) };
  }
}

/**
 * The same as operations with at most one range each, to be applied one after the other. At least one, so that an
 * operation with nothing left to do still has its place in the order.
 */
export function singleRangeSteps(operation: Operation): Operation[] {
  if (operation.kind === 'INSERT' || operation.ranges.length <= 1) return [operation];
  if (operation.kind === 'FORMAT')
    return operation.ranges.map((range) => ({ ...operation, ranges: [range] }));
  let removed = 0;
  return operation.ranges.map(({ start, end }) => {
    const step: Operation = { kind: 'DELETE', ranges: [{ start: start - removed, end: end - removed }] };
    removed += end - start;
    return step;
  });
}

/** How much longer the operation makes the document. */
export function lengthChange(operation: Operation): number {
  if (operation.kind === 'INSERT') return operation.text.length;
  if (operation.kind === 'FORMAT') return 0;
  return operation.ranges.reduce((change, { start, end }) => change - (end - start), 0);
}

/** What of `ranges` is in none of `holes`. */
export function subtractRanges(ranges: readonly TextRange[], holes: readonly TextRange[]): TextRange[] {
  return holes.reduce<TextRange[]>(
    (left, hole) =>
      left.flatMap(({ start, end }) =>
        nonEmpty({ start, end: Math.min(end, hole.start) }, { start: Math.max(start, hole.end), end }),
      ),
    [...ranges],
  );
}

/** Where a position is once `ranges` are gone; a position inside one moves to its start. */
export function positionAfterDelete(position: number, ranges: readonly TextRange[]): number {
  let removed = 0;
  for (const { start, end } of ranges) {
    if (start >= position) break;
    removed += Math.min(position, end) - start;
  }
  return position - removed;
}

/** The range once `length` units are inserted at `at`: split when that is inside it. */
export function rangesAfterInsert({ start, end }: TextRange, at: number, length: number): TextRange[] {
  if (end <= at) return [{ start, end }];
  if (start >= at) return [{ start: start + length, end: end + length }];
  return [
    { start, end: at },
    { start: at + length, end: end + length },
  ];
}

/** What is left of the range once `ranges` are gone: nothing, or one range. */
export function rangesAfterDelete({ start, end }: TextRange, ranges: readonly TextRange[]): TextRange[] {
  return nonEmpty({ start: positionAfterDelete(start, ranges), end: positionAfterDelete(end, ranges) });
}

function afterInsert(operation: Operation, at: number, length: number, order: Order): Operation {
  if (operation.kind !== 'INSERT') {
    return {
      ...operation,
      ranges: operation.ranges.flatMap((range) => rangesAfterInsert(range, at, length)),
    };
  }
  const { position } = operation;
  const moves = at < position || (at === position && order === 'later');
  return moves ? { ...operation, position: position + length } : operation;
}

function afterDelete(operation: Operation, deleted: readonly TextRange[]): Operation {
  if (operation.kind === 'INSERT') {
    return { ...operation, position: positionAfterDelete(operation.position, deleted) };
  }
  return { ...operation, ranges: operation.ranges.flatMap((range) => rangesAfterDelete(range, deleted)) };
}

function nonEmpty(...ranges: TextRange[]): TextRange[] {
  return ranges.filter(({ start, end }) => start < end);
}
