// The table: medians, how far the rounds lay apart, and ratios. Text and Markdown.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** Three significant digits, without an exponent. */
function short(value) {
  if (!Number.isFinite(value)) return '-';
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 3));
}

function rate(unit, perSecond) {
  if (unit === 'byte') return `${short(perSecond / MIB)} MiB/s`;
  return perSecond >= 100_000 ? `${short(perSecond / 1000)} k/s` : `${Math.round(perSecond)}/s`;
}

/** Files: seconds a GiB. All else: microseconds each. */
const cost = (unit, usEach) => (unit === 'byte' ? (usEach * GIB) / 1e6 : usEach);
const COST_UNIT = { byte: 's/GiB' };

const headOf = (first) => [
  '',
  'gateway',
  'rate',
  'CPU each',
  'min-max',
  'x R',
  `x ${first}`,
  'busy',
  'beside',
  'RSS MiB',
  'p50/p99 ms',
];
const COLUMNS = headOf('').length;
const percent = (part) => `${Math.round(part * 100)} %`;

function lineOf({ group, title, name, results, first }) {
  const of = (read) => results.map(read);
  const costs = of((result) => cost(group.unit, result.usEach));
  const ratios = first?.results.map((result, index) => results[index].usEach / result.usEach);
  const latency =
    results[0].p50Ms === undefined
      ? ''
      : `${short(median(of((r) => r.p50Ms)))}/${short(median(of((r) => r.p99Ms)))}`;
  return [
    title,
    name,
    rate(group.unit, median(of((result) => result.perSecond))),
    `${short(median(costs))} ${COST_UNIT[group.unit] ?? `us/${group.unit}`}`,
    `${short(Math.min(...costs))}-${short(Math.max(...costs))}`,
    short(median(of((result) => result.toReference))),
    ratios === undefined ? '' : short(median(ratios)),
    percent(median(of((result) => result.busy))),
    percent(median(of((result) => result.besideBusy))),
    String(Math.round(median(of((result) => result.peakRssMib)))),
    latency,
  ];
}

/** Lines of a group: R, then row by row; the last ratio is against the row's first contender. */
function linesOf({ group, entries }) {
  const lines = [];
  for (const { entry, results } of entries) {
    if (entry.row === undefined) {
      lines.push(lineOf({ group, title: '', name: 'R: bare grpc-js', results }));
      continue;
    }
    const first = entries.find((other) => other.entry.row === entry.row);
    const title = first.entry === entry ? entry.row.title : '';
    lines.push(lineOf({ group, title, name: entry.contender.name, results, first }));
  }
  return lines;
}

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
  const title = (text) => row([`**${text}**`, ...Array(COLUMNS - 1).fill('')]);
  return [row(head), rule, ...blocks.flatMap((block) => [title(block.title), ...block.lines.map(row)])].join(
    '\n',
  );
}

/**
 * `measured`: `{ group, entries: [{ entry, results }] }` a group, results in the order of the rounds. `first` is the
 * contender that all others are compared with.
 */
export function formatTable(measured, { markdown, first }) {
  const blocks = measured.map((one) => ({ title: one.group.title, lines: linesOf(one) }));
  return markdown ? asMarkdown(headOf(first), blocks) : asText(headOf(first), blocks);
}
