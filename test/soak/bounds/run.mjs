// `node test/soak/bounds/run.mjs [--readers 1000] [--large-readers 50] [--hold-ms 5000] [--quiet-ms 3000] [--side-by-side 1]
// [--row sse] [--row 'ws-binary, large']`: clients
// that stall, on every surface and in both directions. Prints what the gateway held for them beside what docs/bounds.md allows,
// and fails when it is more, or does not stop growing, or does not go away with them.
import { parseArgs } from 'node:util';
import { rowsOf } from './rows.mjs';
import { stall } from './stage.mjs';

const { values } = parseArgs({
  options: {
    readers: { type: 'string', default: '1000' },
    'large-readers': { type: 'string', default: '50' },
    'hold-ms': { type: 'string', default: '5000' },
    'quiet-ms': { type: 'string', default: '3000' },
    'side-by-side': { type: 'string', default: '1' },
    row: { type: 'string', multiple: true, default: [] },
  },
});

const MIB = 1024 * 1024;
/** What a process grows and shrinks by without a reason of ours, in bytes: code that is compiled, pages that are not given back. */
const NOISE_BYTES = 8 * MIB;
/** The same for its pages. */
const RSS_NOISE_BYTES = 96 * MIB;

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
  const seen = await stall({
    ...row,
    holdMs,
    quietMs: Number(values['quiet-ms']),
  });
  const allowed = row.readers * row.each + row.all;
  const problems = [];
  // A session ends calls whose messages it cannot hold, and a kernel without memory stops connections; otherwise each call goes on.
  const lost = row.readers - seen.calls;
  const starved = lost > 0 && seen.kernelFull && seen.ends.length === 0;
  if (lost !== 0 && row.surface !== 'session-up' && !starved)
    problems.push(`${seen.calls} calls`, ...seen.ends);
  if (seen.heldBytes > allowed + NOISE_BYTES) problems.push('held too much');
  if (holdMs > 0 && seen.laterBytes > seen.heldBytes + NOISE_BYTES + seen.heldBytes / 50)
    problems.push('went on growing');
  if (seen.rssBytes > allowed + RSS_NOISE_BYTES) problems.push('RSS too high');
  if (seen.left !== 0) problems.push(`${seen.left} calls left`);
  if (seen.afterBytes > NOISE_BYTES) problems.push('did not let go');
  failed += problems.length > 0 ? 1 : 0;
  const each = `${Math.round(seen.heldBytes / row.readers / 1024)} of ${Math.round(allowed / row.readers / 1024)}`;
  console.log(
    [
      row.name.padEnd(22),
      String(row.readers).padStart(7),
      mib(seen.heldBytes),
      mib(seen.laterBytes),
      mib(allowed),
      mib(seen.rssBytes),
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
    '  allowed',
    '  RSS +',
    '   after',
    '  KiB each',
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
