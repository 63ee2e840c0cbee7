// The numbers in README.md and docs/performance.md: between two comments, written by `npm run bench -- --documents .`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COST_UNIT, cost } from './cost-table.mjs';
import { median, short } from './numbers.mjs';
import { formatTable } from './table.mjs';

const BEGIN = '<!-- bench: made by npm run bench -- --documents . -->';
const END = '<!-- end of bench -->';

/** Columns of the README, by kind of contender; a bound is whoever the row has. */
const COLUMNS = [
  { title: 'Sluice', kinds: ['sluice'] },
  { title: 'Go grpc-gateway', kinds: ['go'] },
  { title: 'hand-written', kinds: ['hand-written'] },
  { title: 'Connect for Node', kinds: ['connect'] },
  { title: 'bare Node (no gRPC)', kinds: ['constant-node', 'file-pipe-64'] },
];

const line = (cells) => `| ${cells.join(' | ')} |`;
const COST_UNITS = { byte: COST_UNIT.byte.replace('/GiB', '') };

function costCell(group, results) {
  const each = short(median(results.map((result) => cost(group.unit, result.usEach))));
  const toReference = short(median(results.map((result) => result.toReference)));
  return `${each} ${COST_UNITS[group.unit] ?? 'us'} (${toReference} R)`;
}

function startCell(results) {
  const ms = Math.round(median(results.map(({ startMs }) => startMs)));
  return `${ms} ms (${short(median(results.map(({ startMs, emptyMs }) => startMs / emptyMs)))} x node -e 0)`;
}

function idleCell(results) {
  const [kib, percent] = [({ kibEach }) => kibEach, ({ cpuPercent }) => cpuPercent];
  return `${short(median(results.map(kib)))} KiB, ${short(median(results.map(percent)))} %`;
}

function latencyCell(results) {
  const added = (part) => short(median(results.map(({ gateway, direct }) => gateway[part] - direct[part])));
  return ['p50', 'p99', 'p999'].map(added).join(' / ');
}

/** One line for each row that has a label, the cells by `cellOf(group, results)`. */
function summary(title, measured, cellOf) {
  const lines = measured.flatMap(({ group, entries }) => {
    const rows = [
      ...new Map(entries.filter(({ row }) => row?.label).map(({ row }) => [row.name, row])).values(),
    ];
    return rows.map((row) => {
      const cells = COLUMNS.map(({ kinds }) => {
        const found = entries.find((one) => one.row?.name === row.name && kinds.includes(one.contender.kind));
        return found === undefined ? '' : cellOf(group, found.results);
      });
      return [row.label, ...cells];
    });
  });
  if (lines.length === 0) return [];
  // A column that nobody is in says nothing.
  const used = [0, ...COLUMNS.keys()].map(
    (_, index) => index === 0 || lines.some((cells) => cells[index] !== ''),
  );
  const kept = (cells) => line(cells.filter((_, index) => used[index]));
  const head = [title, ...COLUMNS.map((column) => column.title)];
  return [[kept(head), kept(head.map(() => '---')), ...lines.map(kept)].join('\n')];
}

function readmeBlock({ head, measured }) {
  const costs = measured.filter(({ group }) => group.table === undefined);
  const starts = measured.filter(({ group }) => group.table === 'start');
  const idle = measured.filter(({ group }) => group.table === 'idle');
  const latency = measured.filter(({ group }) => group.table === 'latency');
  return [
    head.join('; '),
    ...summary('processor time for one', costs, costCell),
    ...summary('cold start', starts, (_group, results) => startCell(results)),
    ...summary('one idle client; processor of all', idle, (_group, results) => idleCell(results)),
    ...summary('added latency, ms: p50 / p99 / p99.9', latency, (_group, results) => latencyCell(results)),
  ].join('\n\n');
}

function replaceBlock(file, block) {
  const text = readFileSync(file, 'utf8');
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${file} has no place for the numbers: ${BEGIN}`);
  writeFileSync(file, `${text.slice(0, begin)}${BEGIN}\n\n${block}\n\n${text.slice(end)}`);
  return file;
}

/** Writes a run into both documents below `folder`; returns their names. */
export function writeDocuments(folder, run) {
  const { head, measured, first } = run;
  const tables = formatTable(measured, { markdown: true, first });
  return [
    replaceBlock(join(folder, 'README.md'), readmeBlock(run)),
    replaceBlock(join(folder, 'docs', 'performance.md'), `${head.join('; ')}\n\n${tables}`),
  ];
}
