import type { GapReport } from './gap-watch.js';

/** What is known of a cut, step by step. */
export function reportLines(
  report: GapReport,
  isResumable: boolean,
): (readonly [text: string, state: 'done' | 'waits' | 'wrong'])[] {
  const { state, lastBefore, firstAfter, healedMs, missing, twice } = report;
  if (!isResumable) return [['cut: messages without ids cannot go on', 'wrong']];
  const before = lastBefore === '' ? 'cut before the first message' : `cut after ${lastBefore}`;
  if (state === 'cut')
    return [
      [before, 'done'],
      ['connecting again…', 'waits'],
    ];
  const seconds = ((healedMs ?? 0) / 1000).toFixed(1);
  return [
    [before, 'done'],
    [`went on with ${firstAfter} after ${seconds} s`, 'done'],
    missing === undefined
      ? ['ids are not numbers, so no one can tell whether some are missing', 'waits']
      : missing === 0
        ? ['nothing missing', 'done']
        : [`${missing} missing`, 'wrong'],
    twice === 0 ? ['nothing twice', 'done'] : [`${twice} came twice`, 'wrong'],
  ];
}
