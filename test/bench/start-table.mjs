// Cold start, against a Node that does nothing.
import { median, short } from './numbers.mjs';
import { reachText } from './reaches.mjs';

export const startHead = () => ['', 'who', 'ms', 'min-max', 'node -e 0, ms', 'x', 'reach'];

export function startLine(group, one, entries) {
  const { row, contender, results } = one;
  const starts = results.map(({ startMs }) => startMs);
  const first = entries.find((other) => other.row.name === row.name);
  return [
    first === one ? row.title : '',
    contender.name,
    String(Math.round(median(starts))),
    `${Math.round(Math.min(...starts))}-${Math.round(Math.max(...starts))}`,
    String(Math.round(median(results.map(({ emptyMs }) => emptyMs)))),
    short(median(results.map(({ startMs, emptyMs }) => startMs / emptyMs))),
    reachText(group, one, entries),
  ];
}

export const startBriefly = ({ startMs, emptyMs }) =>
  `${Math.round(startMs)} ms, ${short(startMs / emptyMs)} x node -e 0`;
