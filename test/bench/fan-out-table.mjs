// What one delivery of a shared stream costs the gateway.
import { median, short } from './numbers.mjs';
import { reachText } from './reaches.mjs';

export const fanOutHead = () => [
  '',
  'who',
  'us a delivery',
  'min-max',
  'p50/p99 ms',
  'KiB an idle reader',
  'back after, s',
  'calls then',
  'reach',
];

/** A figure that only some rows have. */
const some = (results, value) => (value(results[0]) === undefined ? '' : short(median(results.map(value))));

export function fanOutLine(group, one, entries) {
  const { row, contender, results } = one;
  const first = entries.find((other) => other.row.name === row.name);
  const us = results.map(({ usEach }) => usEach);
  return [
    first === one ? row.title : '',
    contender.name,
    short(median(us)),
    `${short(Math.min(...us))}-${short(Math.max(...us))}`,
    [({ p50 }) => p50, ({ p99 }) => p99].map((part) => some(results, part)).join('/'),
    some(results, ({ kibEach }) => kibEach),
    some(results, ({ stormS }) => stormS),
    some(results, ({ stormCalls }) => stormCalls),
    reachText(group, one, entries),
  ];
}

export const fanOutBriefly = ({ usEach, p99 }) => `${short(usEach)} us a delivery, p99 ${short(p99)} ms`;
