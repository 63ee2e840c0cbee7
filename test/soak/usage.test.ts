import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const SOAK = fileURLToPath(new URL('./run.mjs', import.meta.url));

/** Ends long before a soak would: that starts with the long tests. */
function soak(...line: string[]) {
  return spawnSync(process.execPath, [SOAK, ...line], { encoding: 'utf8', timeout: 60_000 });
}

t.test('help is printed, and nothing is started', async (t) => {
  for (const line of [['--help'], ['-h'], ['5', '--no-tests', '--help']]) {
    const { status, stdout, stderr } = soak(...line);
    t.equal(status, 0);
    t.match(stdout, /^Usage: npm run soak/);
    for (const option of ['SECONDS', '--no-tests', '--no-bounds', '--no-recordings', '--help'])
      t.ok(stdout.includes(option));
    t.equal(stderr, '');
  }
});

t.test('what it does not know is named, and nothing is started', async (t) => {
  const { status, stdout, stderr } = soak('--no-test');
  t.equal(status, 2);
  t.equal(stdout, '');
  t.match(stderr, /^soak: --no-test is neither/);
});
