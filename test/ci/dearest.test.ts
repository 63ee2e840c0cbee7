import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
/** Works for so many seconds of processor time. */
const work = (seconds: number) =>
  `const spent = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e6; }; const end = spent() + ${seconds}; while (spent() < end) Math.sqrt(2);`;
const BUSY = `import t from 'tap'; ${work(0.4)} t.pass('worked');`;
const WAITS = `import t from 'tap'; t.test('waits', async (t) => { await new Promise((resolve) => setTimeout(resolve, 300)); t.fail('late'); });`;
const STARTS = `import { execFileSync } from 'node:child_process'; import t from 'tap';
execFileSync(process.execPath, ['-e', '${work(1)}']); t.pass('has let another work');`;

t.test('a run says what each file cost, its processes with it, and CI names the dearest', async (t) => {
  const dir = t.testdir({
    test: { 'busy.test.mjs': BUSY, 'waits.test.mjs': WAITS, 'starts.test.mjs': STARTS },
  });
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^_?TAP/.test(name)));
  const line = [path('../run.mjs'), 'test/busy.test.mjs', 'test/waits.test.mjs', 'test/starts.test.mjs'];
  const run = spawnSync(process.execPath, line, { cwd: dir, env, encoding: 'utf8' });
  t.equal(run.status, 1, 'one failed');
  const log = join(t.testdir({ log: run.stdout }), 'log');
  const { stdout } = spawnSync(process.execPath, [path('../../.ci/dearest.mjs'), log], { encoding: 'utf8' });
  const [total, , first = '', second, third] = stdout.split('\n');
  t.match(total, /^3 test files took \d+ s together, and \d+ s of processor time$/);
  // Elsewhere nothing says what ended processes have cost.
  if (process.platform === 'linux') {
    t.match(first, /starts\.test\.mjs$/);
    t.match(second, /busy\.test\.mjs$/);
    t.ok(Number(first.trim().split(/ +/)[0]) >= 1);
  }
  t.match([second, third].join('\n'), /waits\.test\.mjs/);
});

t.test('the list of the longest names test files, each once, and a run begins with them', async (t) => {
  const list = (await import(path('../support/suite/order.mjs'))) as {
    testsInOrder(root: string): string[];
    longest(): string[];
  };
  const longest = list.longest();
  const all = list.testsInOrder(path('../..'));
  t.equal(new Set(longest).size, longest.length);
  t.same(all.slice(0, longest.length), longest);
  t.equal(new Set(all).size, all.length);
});
