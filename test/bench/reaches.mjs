// What the project wants to reach, beside what was measured. A row's `reach` names a limit for each kind of contender (or R): Sluice's
// processor time in theirs, of the same round. `p50` and `p99` are milliseconds that the gateway adds; `ratio99` is its
// p99 in that of the other way.
import { median, short } from './numbers.mjs';

const NAMES = {
  R: 'R',
  go: 'Go',
  'hand-written': 'hand-written',
  'file-pipe-64': 'plain Node',
  'body-null': 'plain Node to /dev/null',
};

const verdict = (limit, what, value) =>
  `${short(value)} of ${limit} ${what}: ${value <= limit ? 'met' : 'not met'}`;

/** Ratios are made within a round, then the median is taken; a contender that was left out gives no verdict. */
function costReach(entry, entries) {
  return Object.entries(entry.row.reach).flatMap(([kind, limit]) => {
    const row = kind === 'R' ? undefined : entry.row.name;
    const other = entries.find(
      (one) => one.row?.name === row && (kind === 'R' || one.contender.kind === kind),
    );
    if (other === undefined) return [];
    const ratios = entry.results.map((result, round) => result.usEach / other.results[round].usEach);
    return [verdict(limit, NAMES[kind], median(ratios))];
  });
}

const LATENCY = {
  p50: ({ gateway, direct }) => gateway.p50 - direct.p50,
  p99: ({ gateway, direct }) => gateway.p99 - direct.p99,
  ratio99: ({ gateway, direct }) => gateway.p99 / direct.p99,
};
const LATENCY_UNITS = { p50: 'ms at p50', p99: 'ms at p99', ratio99: 'x at p99' };

function latencyReach({ row, results }) {
  return Object.entries(row.reach).map(([what, limit]) =>
    verdict(limit, LATENCY_UNITS[what], median(results.map(LATENCY[what]))),
  );
}

const startReach = ({ row, results }) => [
  verdict(row.reach.empty, 'x node -e 0', median(results.map(({ startMs, emptyMs }) => startMs / emptyMs))),
];

const idleReach = ({ row, results }) => [
  verdict(row.reach.kib, 'KiB', median(results.map(({ kibEach }) => kibEach))),
];

const FAN_OUT = {
  us: ['us a delivery', ({ usEach }) => usEach],
  kib: ['KiB', ({ kibEach }) => kibEach],
  storm: ['s to be back', ({ stormS }) => stormS],
};

function fanOutReach({ row, results }) {
  return Object.entries(row.reach).map(([what, limit]) => {
    const [unit, value] = FAN_OUT[what];
    return verdict(limit, unit, median(results.map(value)));
  });
}

const REACHES = { latency: latencyReach, start: startReach, idle: idleReach, 'fan-out': fanOutReach };

/** For a line of Sluice whose row has a reach: `0.43 of 0.3 R: not met`. Empty for everybody else. */
export function reachText(group, entry, entries) {
  if (entry.contender?.kind !== 'sluice' || entry.row.reach === undefined) return '';
  return (REACHES[group.table] ?? costReach)(entry, entries).join('; ');
}
