import { execFileSync, spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const SCRIPT = path('../../.ci/repeat-failed.mjs');

/** Fails when it runs for the first time in its folder. */
const BY_CHANCE = `import { existsSync, writeFileSync } from 'node:fs';
import t from 'tap';
const again = existsSync('ran-before');
writeFileSync('ran-before', '');
t.test('outer', async (t) => {
  t.test('good', async (t) => t.ok(true));
  t.test('inner', async (t) => { t.ok(again, 'a leaf: with # marks'); t.ok(true); });
});`;
const ALWAYS = `import t from 'tap'; t.ok(true, 'fine'); t.equal(1, 2, 'never equal');`;
const CRASH = `import t from 'tap'; t.ok(true, 'fine'); process.exit(3);`;
/** Takes too long when it runs for the first time in its folder. */
const SLOW_BY_CHANCE = `import { existsSync, writeFileSync } from 'node:fs';
import t from 'tap';
const again = existsSync('ran-before');
writeFileSync('ran-before', '');
t.test('outer', async (t) => {
  t.test('good', async (t) => t.ok(true));
  t.test('slow', LIMIT async (t) => { t.ok(true); if (!again) await new Promise((resolve) => setTimeout(resolve, 8_000)); });
});`;
const GOOD = `import t from 'tap'; t.ok(true, 'not ok 1 - says an assertion that holds'); t.ok(false, 'later', { todo: true });`;

/** A project with these test files: runs them all, then what CI does with the log. */
function repeat(
  t: Test,
  files: Readonly<Record<string, string>>,
  settings: readonly string[] = [],
): { code: number | null; text: string } {
  const dir = t.testdir({ test: files });
  symlinkSync(path('../../node_modules'), join(dir, 'node_modules'));
  execFileSync('git', ['init', '--quiet'], { cwd: dir });
  execFileSync('git', ['add', 'test'], { cwd: dir });
  // A tap in a tap takes its parent's settings over.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^_?TAP/.test(name)));
  const line = [path('../run.mjs'), ...settings, ...Object.keys(files).map((name) => `test/${name}`)];
  const run = spawnSync(process.execPath, line, { cwd: dir, env, encoding: 'utf8' });
  writeFileSync(join(dir, 'log'), run.stdout);
  const again = spawnSync(process.execPath, [SCRIPT, 'log'], {
    cwd: dir,
    env,
    encoding: 'utf8',
  });
  return { code: again.status, text: `${again.stdout}${again.stderr}` };
}

t.test('what fails once is named as flaky and fails nothing', async (t) => {
  const { code, text } = repeat(t, { 'chance.test.mjs': BY_CHANCE, 'good.test.mjs': GOOD });
  t.equal(code, 0, text);
  t.match(text, /^flaky: test\/chance\.test\.mjs: outer > inner > a leaf: with # marks$/m);
  t.equal(text.match(/^flaky: /gm)?.length, 1, 'only the leaf');
  t.notMatch(text, /^once more.*good/m);
});

t.test('a time-out is repeated, whether the test, its file or the run ends by it', async (t) => {
  for (const [limit, settings, others] of [
    ['{ timeout: 500 },', [], { 'good.test.mjs': GOOD }],
    // A busy machine may be as slow for a good one.
    ['', ['--timeout=3'], {}],
  ] as const) {
    const files = { 'slow.test.mjs': SLOW_BY_CHANCE.replace('LIMIT', limit), ...others };
    const { code, text } = repeat(t, files, settings);
    t.equal(code, 0, text);
    t.match(text, /^flaky: test\/slow\.test\.mjs: /m);
    t.notMatch(text, /no test file/);
  }
});

t.test('what fails or ends twice fails the run, and what fails once is still named', async (t) => {
  const files = { 'always.test.mjs': ALWAYS, 'chance.test.mjs': BY_CHANCE, 'crash.test.mjs': CRASH };
  const { code, text } = repeat(t, files);
  t.equal(code, 1);
  t.match(text, /^failed twice: test\/always\.test\.mjs$/m);
  t.match(text, /^failed twice: test\/crash\.test\.mjs$/m);
  t.match(text, /^flaky: test\/chance\.test\.mjs: /m);
});

t.test('a run that failed without a failed test stays failed', async (t) => {
  const dir = t.testdir({ log: 'ok 1 - test/good.test.mjs\n' });
  const again = spawnSync(process.execPath, [SCRIPT, 'log'], { cwd: dir, encoding: 'utf8' });
  t.equal(again.status, 1);
  t.match(again.stdout, /no test file failed/);
});
