// `npm run tap [-- FILE...]`: runs test files, all of them where none is named, each in a process of its own, and prints TAP; at a terminal
// tap's reporter makes it readable. tap runs and judges them, as its command does. That command is not used, because it loads the loaders of
// a compiler and of mocks and a record of files into each process and into all that these start, which nobody asks for here: with the loader
// of our own that bundles have made needless (support/suite/bundle.mjs), it was half of what an average file cost.
//
//     --jobs=N       how many files run at once [3]
//     --timeout=S    how many seconds a file may take [400]
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import t from 'tap';
import { bundleTests } from './support/suite/bundle.mjs';
import { testsInOrder } from './support/suite/order.mjs';

/** Two cores: while one file waits, two others work. */
const JOBS = '3';
/** For what hangs; no test is about this. A busy machine needs several times what a quiet one does. */
const TIMEOUT_SECONDS = '400';

const ROOT = process.cwd();
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const START = path('./support/suite/start.mjs');
/** Below `node_modules`, so that packages are found from there. */
const BUNDLES = join(ROOT, 'node_modules/.cache/sluice-tests');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { jobs: { type: 'string', default: JOBS }, timeout: { type: 'string', default: TIMEOUT_SECONDS } },
});

/** At a terminal our TAP goes through tap's reporter for people, in a process that gets no signal of ours to end early. */
function reportToPeople() {
  const tap = join(dirname(fileURLToPath(import.meta.resolve('tap'))), 'run.mjs');
  const env = { ...process.env, TAP_DISABLE_COVERAGE: '1', TAP_ALLOW_EMPTY_COVERAGE: '1' };
  const reporter = spawn(process.execPath, [tap, '-'], { stdio: ['pipe', 'inherit', 'inherit'], env });
  t.pipe(reporter.stdin);
  t.register();
}

const files =
  positionals.length > 0
    ? positionals.map((file) => relative(ROOT, resolve(ROOT, file)))
    : testsInOrder(ROOT);
mkdirSync(BUNDLES, { recursive: true });
const folder = mkdtempSync(join(BUNDLES, 'run-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const bundled = await bundleTests(ROOT, files, folder);

if (process.stdout.isTTY) reportToPeople();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    t.endAll();
    process.exit(1);
  });
}
t.setTimeout(0);
t.jobs = Math.min(Number(values.jobs), files.length);
t.plan(files.length);
const env = { ...process.env, TAP_TIMEOUT: values.timeout };
const own = `NODE_OPTIONS=${process.env.NODE_OPTIONS ?? ''}`;
for (const file of files) {
  // tap puts its record of files into NODE_OPTIONS of what it spawns; `env` takes it out.
  const line = [own, process.execPath, '--enable-source-maps', START, bundled(file), resolve(ROOT, file)];
  t.spawn('env', line, {
    name: file,
    cwd: ROOT,
    env,
    buffered: t.jobs > 1,
    timeout: Number(values.timeout) * 1_000,
    // A failure stands in the file's own words, not with the line here.
    at: null,
    stack: '',
  });
}
