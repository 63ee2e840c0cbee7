import { appendFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { freshCopy, run } from '../support/fresh-copy.js';

const VERSION = /^\d+\.\d+\.\d+$/;

t.test('the command works after each build', async (t) => {
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
});
