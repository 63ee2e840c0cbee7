// The tables of the benchmark, from results that nobody measured: no machine is too busy for this.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';

const RUN = new URL('../../test/bench/run.mjs', import.meta.url).pathname;
const bench = (...args: string[]) => execFileSync(process.execPath, [RUN, ...args], { encoding: 'utf8' });

/** Three rounds of which the middle one is the median. */
const cost = (usEach: number, reference: number) =>
  [usEach * 9, usEach, usEach / 9].map((us) => ({
    perSecond: 1000,
    usEach: us,
    busy: 0.5,
    besideBusy: 0.25,
    peakRssMib: 100,
    toReference: us / reference,
  }));

const latency = (gateway: number, direct: number) => {
  const of = (p50: number) => ({ p50, p99: p50 * 2, p999: p50 * 3, samples: 10_000 });
  return [{ perSecond: 400, busy: 0.5, gateway: of(gateway), direct: of(direct) }];
};

const sluice = { name: 'new build', kind: 'sluice' };
const go = { name: 'Go grpc-gateway', kind: 'go' };

function fixture() {
  const get = {
    name: 'get-1',
    title: 'GET, JSON',
    label: 'unary GET, 1 connection',
    reach: { go: 1, R: 0.5 },
  };
  const unlabelled = { name: 'other', title: 'Other' };
  const added = {
    name: 'latency-unary',
    title: 'latency-unary',
    label: 'unary GET',
    reach: { p50: 0.25, p99: 2 },
  };
  const idle = { name: 'idle-sse-1000', title: '1,000 streams', label: '1,000 streams', reach: { kib: 20 } };
  const idleResults = [40, 20, 10].map((kibEach) => ({ kibEach, cpuPercent: 7, usAHeartbeat: 105 }));
  return {
    head: ['a day', 'a machine'],
    first: 'new build',
    measured: [
      {
        group: { name: 'unary-1', title: 'Unary', unit: 'call' },
        entries: [
          { results: cost(100, 100) },
          { row: get, contender: sluice, results: cost(60, 100) },
          { row: get, contender: go, results: cost(50, 100) },
          { row: unlabelled, contender: sluice, results: cost(1, 100) },
        ],
      },
      {
        group: { name: 'latency-unary', title: 'Latency', unit: 'call', table: 'latency' },
        entries: [{ row: added, contender: sluice, results: latency(0.5, 0.3) }],
      },
      {
        group: { name: 'idle', title: 'Idle clients', table: 'idle' },
        entries: [{ row: idle, contender: sluice, results: idleResults }],
      },
    ],
  };
}

function write(folder: string, block = 'old\n') {
  const text = `before\n<!-- bench: made by npm run bench -- --documents . -->\n${block}<!-- end of bench -->\nafter\n`;
  mkdirSync(join(folder, 'docs'), { recursive: true });
  for (const file of ['README.md', 'docs/performance.md']) writeFileSync(join(folder, file), text);
  writeFileSync(join(folder, 'run.json'), JSON.stringify(fixture()));
  return join(folder, 'run.json');
}

test('the table has medians, and says whether what is wanted is reached', async (t) => {
  const text = bench('--from', write(t.testdir()));
  t.match(text, /GET, JSON\s+new build\s+1000\/s\s+60\.0 us\/call\s+6\.67-540\s+0\.600\s+1\.00/);
  t.match(text, /1\.20 of 1 Go: not met; 0\.600 of 0\.5 R: not met/);
  t.match(text, /0\.200 of 0\.25 ms at p50: met; 0\.400 of 2 ms at p99: met/, 'of the difference');
  t.match(text, /0\.500\/1\.00\/1\.50\s+0\.300\/0\.600\/0\.900\s+0\.200\/0\.400\/0\.600/);
  t.match(text, /1,000 streams\s+new build\s+20\.0\s+10\.0-40\.0\s+7\.00 %\s+105\s+20\.0 of 20 KiB: met/);
});

test('the documents get the tables between their marks, and keep the rest', async (t) => {
  const folder = t.testdir();
  const run = write(folder);
  for (let turn = 0; turn < 2; turn += 1) bench('--from', run, '--documents', folder);
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  t.match(readme, /^before\n<!-- bench/);
  t.match(readme, /<!-- end of bench -->\nafter\n$/);
  t.match(readme, '| processor time for one | Sluice | Go grpc-gateway |\n');
  t.match(readme, '| unary GET, 1 connection | 60.0 us (0.600 R) | 50.0 us (0.500 R) |');
  t.match(readme, '| unary GET | 0.200 / 0.400 / 0.600 |');
  t.match(readme, '| 1,000 streams | 20.0 KiB, 7.00 % |');
  t.notMatch(readme, 'old');
  t.notMatch(readme, 'Other', 'a row without a label is not for the README');
  const all = readFileSync(join(folder, 'docs/performance.md'), 'utf8');
  t.match(all, '| Other | new build |');
  t.match(all, '1.20 of 1 Go: not met');
});

test('rows that were measured apart are one table', async (t) => {
  const run = write(t.testdir());
  const text = bench('--from', `${run},${run}`);
  t.equal(text.split('GET, JSON').length, 3, 'twice');
});

test('a document without marks is an error that names it', async (t) => {
  const folder = t.testdir();
  const run = write(folder);
  writeFileSync(join(folder, 'README.md'), 'nothing here');
  t.throws(() => bench('--from', run, '--documents', folder), /README\.md has no place for the numbers/);
});

test('every row and group has a name of its own', async (t) => {
  const lines = bench('--list').trimEnd().split('\n');
  const rows = lines.flatMap((line) => line.split(': ')[1]?.split(' ') ?? []);
  t.equal(new Set(rows).size, rows.length);
  for (const row of ['sse', 'get-32', 'post-1', 'file-up', 'latency-beside', 'idle-sse-1000'])
    t.ok(rows.includes(row), row);
});
