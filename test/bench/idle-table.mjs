// What idle clients cost the gateway.
import { median, short } from './numbers.mjs';
import { reachText } from './reaches.mjs';

export const idleHead = () => [
  '',
  'who',
  'KiB each',
  'min-max',
  'of one processor',
  'us a heartbeat',
  'reach',
];

export function idleLine(group, one, entries) {
  const { row, contender, results } = one;
  const first = entries.find((other) => other.row.name === row.name);
  const kib = results.map(({ kibEach }) => kibEach);
  return [
    first === one ? row.title : '',
    contender.name,
    short(median(kib)),
    `${short(Math.min(...kib))}-${short(Math.max(...kib))}`,
    `${short(median(results.map(({ cpuPercent }) => cpuPercent)))} %`,
    short(median(results.map(({ usAHeartbeat }) => usAHeartbeat))),
    reachText(group, one, entries),
  ];
}

export const idleBriefly = ({ kibEach, cpuPercent }) => `${short(kibEach)} KiB each, ${short(cpuPercent)} %`;
