// Processor time of one message, call or GiB.
import { median, short } from './numbers.mjs';
import { reachText } from './reaches.mjs';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

function rate(unit, perSecond) {
  if (unit === 'byte') return `${short(perSecond / MIB)} MiB/s`;
  return perSecond >= 100_000 ? `${short(perSecond / 1000)} k/s` : `${Math.round(perSecond)}/s`;
}

/** Files: seconds a GiB. All else: microseconds each. */
export const cost = (unit, usEach) => (unit === 'byte' ? (usEach * GIB) / 1e6 : usEach);
export const COST_UNIT = { byte: 's/GiB' };
const percent = (part) => `${Math.round(part * 100)} %`;

export const costHead = (first) => [
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
  'reach',
];

/** R has no row; the last ratio is against the row's first contender. */
export function costLine(group, one, entries) {
  const { row, contender, results } = one;
  const of = (read) => results.map(read);
  const costs = of((result) => cost(group.unit, result.usEach));
  const first = row && entries.find((other) => other.row?.name === row.name);
  const ratios = first?.results.map((result, index) => results[index].usEach / result.usEach);
  const latency =
    results[0].p50Ms === undefined
      ? ''
      : `${short(median(of((r) => r.p50Ms)))}/${short(median(of((r) => r.p99Ms)))}`;
  return [
    first === one ? row.title : '',
    contender?.name ?? 'R: bare grpc-js',
    rate(group.unit, median(of((result) => result.perSecond))),
    `${short(median(costs))} ${COST_UNIT[group.unit] ?? `us/${group.unit}`}`,
    `${short(Math.min(...costs))}-${short(Math.max(...costs))}`,
    short(median(of((result) => result.toReference))),
    ratios === undefined ? '' : short(median(ratios)),
    percent(median(of((result) => result.busy))),
    percent(median(of((result) => result.besideBusy))),
    String(Math.round(median(of((result) => result.peakRssMib)))),
    latency,
    reachText(group, one, entries),
  ];
}
