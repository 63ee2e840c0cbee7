import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { freshCopy, linkModules, outsideFolder, repositoryFile, run } from '../support/fresh-copy.js';
import { http, httpJson } from '../support/http.js';
import { sluiceAt } from '../support/process.js';

const VERSION = /^\d+\.\d+\.\d+$/;
const ANY = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--core-listen', '127.0.0.1:0'];

t.test('the command works after each build, and from the packed tarball', async (t) => {
  const clone = await freshCopy(t);
  const made = join(clone, 'dist/bin/sluice.js');
  for (const build of ['first', 'second', 'third']) {
    const before = statSync(made, { throwIfNoEntry: false })?.mtimeMs;
    await run(clone, 'npm', 'run', 'build');
    // What has not changed is not built again; what has changed is.
    if (build === 'second') t.equal(statSync(made).mtimeMs, before, 'the second build has nothing to do');
    if (build === 'third') t.not(statSync(made).mtimeMs, before, 'the third build has a changed source');
    appendFileSync(join(clone, 'bin/version.ts'), build === 'second' ? '// changed\n' : '');
    t.equal(statSync(join(clone, 'dist/bin/sluice.js')).mode & 0o111, 0o111, `executable, ${build} build`);
    const { stdout } = await run(clone, 'npx', '--no', 'sluice', '--version');
    t.match(stdout.trim(), VERSION, `npx, ${build} build`);
  }
  const app = outsideFolder(t);
  // Without the modules for development, and nothing of the clone but what the tarball has.
  const packed = await run(clone, 'npm', 'pack', '--ignore-scripts', '--json', '--pack-destination', app);
  const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];
  linkModules(app);
  const installed = join(app, 'node_modules/sluice');
  await mkdir(installed, { recursive: true });
  await run(app, 'tar', '-xzf', filename, '--strip-components=1', '-C', installed);
  writeFileSync(
    join(app, 'package.json'),
    JSON.stringify({ private: true, dependencies: { sluice: `file:${filename}` } }),
  );
  for (const file of ['LICENSE', 'NOTICE', 'README.md', 'CHANGELOG.md', 'SECURITY.md']) {
    t.equal(readFileSync(join(installed, file), 'utf8'), repositoryFile(file), `the tarball has ${file}`);
  }
  // npm's own links to the commands.
  await run(app, 'npm', 'rebuild', '--ignore-scripts', 'sluice');
  t.match((await run(app, 'npx', '--no', 'sluice', '--version')).stdout.trim(), VERSION);
  for (const command of ['start', 'gateway', 'core']) {
    const { stdout, stderr } = await run(app, 'npx', '--no', 'sluice', command, '--help');
    t.match(stdout, /--listen/);
    for (const [file] of stdout.matchAll(/\b(?:docs|gateway)\/[\w-]+\.md/g)) {
      t.ok(readFileSync(join(installed, file)).length > 0, `the tarball has ${file}, which the help names`);
    }
    t.equal(stderr, '');
  }
  const running = sluiceAt(t, join(app, 'node_modules/.bin/sluice'), [
    'start',
    ...ANY,
    '--data-dir',
    join(app, 'data'),
  ]);
  const { url } = (await running.line('gateway listening')) as { url: string };
  t.match(await httpJson(`${url}/v1/stocks/AAPL`), { status: 200, json: { symbol: 'AAPL' } });
  t.match((await http(`${url}/`)).text, '<!doctype html>');
  running.child.kill('SIGTERM');
  t.equal(await running.exit, 0);
});
