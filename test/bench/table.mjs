// The tables: medians of the rounds, as text or Markdown. A group says which table it belongs to; each kind is a head and a line.
import { costHead, costLine } from './cost-table.mjs';
import { fanOutBriefly, fanOutHead, fanOutLine } from './fan-out-table.mjs';
import { idleBriefly, idleHead, idleLine } from './idle-table.mjs';
import { latencyBriefly, latencyHead, latencyLine } from './latency-table.mjs';
import { startBriefly, startHead, startLine } from './start-table.mjs';

const TABLES = {
  cost: {
    head: costHead,
    line: costLine,
    briefly: (result) => `${result.toReference.toFixed(2)} R`,
  },
  start: { head: startHead, line: startLine, briefly: startBriefly },
  idle: { head: idleHead, line: idleLine, briefly: idleBriefly },
  'fan-out': { head: fanOutHead, line: fanOutLine, briefly: fanOutBriefly },
  latency: { head: latencyHead, line: latencyLine, briefly: latencyBriefly },
};
const tableOf = (group) => group.table ?? 'cost';

function asText(head, blocks) {
  const all = [head, ...blocks.flatMap(({ lines }) => lines)];
  const widths = head.map((_, column) => Math.max(...all.map((line) => line[column].length)));
  const cell = (text, column) => (column < 2 ? text.padEnd(widths[column]) : text.padStart(widths[column]));
  const row = (line) => line.map(cell).join('  ').trimEnd();
  return [row(head), ...blocks.flatMap(({ title, lines }) => ['', title, ...lines.map(row)])].join('\n');
}

function asMarkdown(head, blocks) {
  const row = (line) => `| ${line.join(' | ')} |`;
  const rule = row(head.map((_, column) => (column < 2 ? '---' : '---:')));
  const title = (text) => row([`**${text}**`, ...Array(head.length - 1).fill('')]);
  return [row(head), rule, ...blocks.flatMap((block) => [title(block.title), ...block.lines.map(row)])].join(
    '\n',
  );
}

/** One measurement in some words, for those who watch. */
export function briefly(group, result) {
  return TABLES[tableOf(group)].briefly(result);
}

/**
 * `measured`: `{ group, entries: [{ row, contender, results }] }` a group, results in the order of the rounds; R has neither
 * row nor contender. It may come from a file, so nothing is compared but names. `first` is the contender that all others are
 * compared with.
 */
export function formatTable(measured, { markdown, first }) {
  const write = markdown ? asMarkdown : asText;
  return Object.entries(TABLES)
    .map(([name, { head, line }]) => {
      const of = measured.filter(({ group }) => tableOf(group) === name);
      const blocks = of.map(({ group, entries }) => ({
        title: group.title,
        lines: entries.map((one) => line(group, one, entries)),
      }));
      return blocks.length === 0 ? '' : write(head(first), blocks);
    })
    .filter((text) => text !== '')
    .join('\n\n');
}
