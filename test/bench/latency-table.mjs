// Latency with a gateway and without.
import { median, short } from './numbers.mjs';
import { reachText } from './reaches.mjs';

export const latencyHead = () => [
  'p50/p99/p99.9 ms',
  'gateway',
  'calls a second',
  'busy',
  'samples',
  'with',
  'without',
  'added',
  'reach',
];

const PARTS = ['p50', 'p99', 'p999'];

export function latencyLine(group, one, entries) {
  const { row, contender, results } = one;
  const of = (read) => median(results.map(read));
  const three = (read) => PARTS.map((part) => short(of((result) => read(result, part)))).join('/');
  return [
    entries[0] === one ? row.title : '',
    contender.name,
    String(Math.round(of((result) => result.perSecond))),
    `${Math.round(of((result) => result.busy) * 100)} %`,
    String(Math.round(of((result) => Math.min(result.gateway.samples, result.direct.samples)))),
    three((result, part) => result.gateway[part]),
    three((result, part) => result.direct[part]),
    three((result, part) => result.gateway[part] - result.direct[part]),
    reachText(group, one, entries),
  ];
}

/** One measurement, while the others still run. */
export function latencyBriefly({ gateway, direct }) {
  return `p50 ${short(gateway.p50)} ms, ${short(direct.p50)} without; p99 ${short(gateway.p99)} and ${short(direct.p99)}`;
}
