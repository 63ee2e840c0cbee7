// Runs each test file that failed once more, alone. What passes then failed by chance: it is listed as flaky, and fails nothing.
// What fails twice fails the run. `npm test` itself stays strict.
//
//     node .ci/repeat-failed.mjs LOG     LOG: what `npm run tap` printed, as TAP
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** More files than this are no chance: something is broken, and repeating them all would only hide it behind time. */
const MOST_FILES = 12;

/** What tap calls a test that took too long. */
const TIMED_OUT = 'timeout!';

/**
 * The test files that failed in a run, each with the names of what failed in it, outermost first ("outer > leaf"). Only the leaves: a
 * subtest fails because of what is in it. A file that failed without a failed assertion (a time-out, a crash) has its own line as the name.
 * A time-out that ends the whole run names its file behind the line, as `expired: FILE`, and may come beside the file's own line.
 * Source: testanything.org, version 14.
 */
export function failedFiles(log) {
  const files = new Map();
  let names = [];
  // The titles of the subtests that are open, by depth.
  const open = [];
  for (const line of log.split('\n')) {
    const expired = /^ {2}expired: (.+)$/.exec(line);
    if (expired !== null && files.has(TIMED_OUT)) {
      const [names, file] = [files.get(TIMED_OUT), expired[1].trim()];
      files.delete(TIMED_OUT);
      if (!files.has(file)) files.set(file, names);
      continue;
    }
    const subtest = /^( *)# Subtest: (.*)$/.exec(line);
    if (subtest !== null) {
      const depth = subtest[1].length / 4;
      open.length = depth;
      open[depth] = subtest[2];
      continue;
    }
    const failure = /^( *)not ok \d+(?: - ([^\n]*))?/.exec(line);
    if (failure === null || / # (?:skip|todo)\b/i.test(line)) continue;
    // What TAP escapes is written as it is.
    const title = (failure[2] ?? '')
      .split(' # time=')[0]
      .replaceAll(/\\([#\\])/g, '$1')
      .trim();
    const depth = failure[1].length / 4;
    if (depth > 0) {
      const path = [...open.slice(1, depth), title].join(' > ');
      // A subtest is closed by its own line, behind the failures in it.
      if (!names.some((name) => name.startsWith(`${path} > `))) names.push(path);
    } else {
      files.set(title, names.length > 0 ? names : [title]);
      names = [];
    }
  }
  return files;
}

const RUN = fileURLToPath(new URL('../test/run.mjs', import.meta.url));

function main(logFile) {
  const failed = failedFiles(readFileSync(logFile, 'utf8'));
  if (failed.size === 0) {
    console.log('no test file failed, so there is nothing to repeat: something else ended the run');
    return 1;
  }
  if (failed.size > MOST_FILES) {
    console.log(`${failed.size} test files failed: more than ${MOST_FILES} are not repeated`);
    return 1;
  }
  const known = new Set(execFileSync('git', ['ls-files', 'test'], { encoding: 'utf8' }).split('\n'));
  const flaky = [];
  let twice = 0;
  for (const [file, names] of failed) {
    if (!known.has(file)) {
      console.log(`failed, and is no test file: ${file}`);
      twice += 1;
      continue;
    }
    console.log(`once more, alone: ${file}`);
    const { status } = spawnSync(process.execPath, [RUN, '--jobs=1', file], { stdio: 'inherit' });
    if (status === 0) flaky.push(...names.map((name) => `flaky: ${file}: ${name}`));
    else {
      console.log(`failed twice: ${file}`);
      twice += 1;
    }
  }
  for (const line of flaky) console.log(line);
  return twice === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = main(process.argv[2]);
