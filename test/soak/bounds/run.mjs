// `node test/soak/bounds/run.mjs [--measure rss|held] [--readers 1000] [--large-readers 50] [--hold-ms 5000] [--after-ms 30000]
// [--quiet-ms 3000] [--side-by-side 1] [--row sse] [--row 'ws-binary, large']`: clients that stall, on every surface and in both
// directions. Prints what the gateway held for them beside what docs/bounds.md allows, and fails when it is more, or does not stop
// growing, or does not go away with them. `rss` looks at the process from outside, as a pod's limit does; `held` at what V8 knows of,
// after collections, which is exact enough for a few dozen clients.
import { parseArgs } from 'node:util';
import { rowsOf } from './rows.mjs';
import { stallHeld, stallResident } from './stage.mjs';

const { values } = parseArgs({
  options: {
    measure: { type: 'string', default: 'rss' },
    readers: { type: 'string', default: '1000' },
    'large-readers': { type: 'string', default: '50' },
    'hold-ms': { type: 'string', default: '5000' },
    'after-ms': { type: 'string', default: '30000' },
    'quiet-ms': { type: 'string', default: '3000' },
    'side-by-side': { type: 'string', default: '1' },
    row: { type: 'string', multiple: true, default: [] },
  },
});

const MIB = 1024 * 1024;

/**
 * How clients are measured, the bytes that are not theirs (V8 counts an arena of gateway/memory whole, of which few pages are resident), what
 * it may still grow by when all has come to a stop, and what may be left half a minute after they have gone.
 */
const MEASURES = {
  rss: { play: stallResident, notTheirs: 0, growth: 8 * MIB, after: 64 * MIB },
  // An arena of which hardly a page is resident stays for the next ones.
  held: { play: stallHeld, notTheirs: 34 * MIB, growth: 8 * MIB, after: (8 + 34) * MIB },
};
const measure = MEASURES[values.measure];

const wanted = values.row;
/** 0: only the bound is looked at, which does not depend on when everything has come to a stop. */
const holdMs = Number(values['hold-ms']);
const rows = rowsOf({
  readers: Number(values.readers),
  largeReaders: Number(values['large-readers']),
}).filter(({ name, surface }) => wanted.length === 0 || wanted.includes(surface) || wanted.includes(name));
let failed = 0;

function mib(bytes) {
  return (bytes / MIB).toFixed(1).padStart(9);
}

async function play(row) {
  const seen = await measure.play({
    ...row,
    holdMs,
    quietMs: Number(values['quiet-ms']),
    afterMs: Number(values['after-ms']),
  });
  const allowed = row.readers * row.each + row.all;
  const problems = [];
  // A session ends calls whose messages it cannot hold, and a kernel without memory stops connections; otherwise each call goes on.
  const lost = row.readers - seen.calls;
  const starved = lost > 0 && seen.kernelFull && seen.ends.length === 0;
  if (lost !== 0 && row.surface !== 'session-up' && !starved)
    problems.push(`${seen.calls} calls`, ...seen.ends);
  if (seen.heldBytes > allowed + measure.notTheirs) problems.push('held too much');
  if (holdMs > 0 && seen.laterBytes > seen.heldBytes + measure.growth + seen.heldBytes / 50)
    problems.push('went on growing');
  if (seen.left !== 0) problems.push(`${seen.left} calls left`);
  if (seen.waiting !== 0) problems.push(`${seen.waiting} bytes wait for nobody`);
  if (seen.afterBytes > measure.after) problems.push('did not let go');
  failed += problems.length > 0 ? 1 : 0;
  const each = `${Math.round(seen.heldBytes / row.readers / 1024)} of ${Math.round(allowed / row.readers / 1024)}`;
  console.log(
    [
      row.name.padEnd(22),
      String(row.readers).padStart(7),
      mib(seen.heldBytes),
      mib(seen.laterBytes),
      mib(seen.peakBytes ?? 0),
      mib(allowed),
      mib(seen.afterBytes),
      each.padStart(16),
      problems.length === 0 ? 'ok' : problems.join(', '),
      ...(starved ? [`${seen.calls} calls: the kernel has no more memory for TCP`] : []),
    ].join('  '),
  );
}

console.log(
  [
    'row'.padEnd(22),
    'clients',
    '     held',
    '    later',
    '     peak',
    '  allowed',
    '    after',
    '        KiB each',
    '',
  ].join('  '),
);
const queue = [...rows];
await Promise.all(
  Array.from({ length: Number(values['side-by-side']) }, async () => {
    for (let row = queue.shift(); row !== undefined; row = queue.shift()) await play(row);
  }),
);
if (failed > 0) {
  console.error(`${failed} of ${rows.length} rows broke a bound`);
  process.exitCode = 1;
}
