import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import {
  CALL_COMMAND,
  type CommandTable,
  DESCRIBE_COMMAND,
  LIST_COMMAND,
  TOP_COMMAND,
} from '../../bin/options/index.js';
import { flagOf } from '../../gateway/options/index.js';
import { COMMAND, sluice } from '../support/process.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** What no line can end by itself: it is interrupted when it has printed something, as a reader would. */
const ENDLESS = /^sluice call (?:GetStockPrices [^|]*|Chat user_id=ann room_id=lobby -d -)$/;

/** The command lines of the page, and those of the README that call something. */
function lines(): string[] {
  const page = read('docs/command-line.md').match(/^ {4}.*\bsluice .*$/gm) ?? [];
  const readme = [...read('README.md').matchAll(/`npx (sluice (?:call|list)[^`]*)`/g)].map(
    ([, line]) => line as string,
  );
  return [...page, ...readme].map((line) => line.trim()).filter((line) => !line.startsWith('sluice call: '));
}

async function start(t: Test) {
  const folder = t.testdir();
  const any = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--core-listen', '127.0.0.1:0'];
  const running = sluice(t, ['start', ...any, '--data-dir', join(folder, 'data')]);
  const { address } = (await running.line('core listening')) as { address: string };
  const { url, adminUrl } = (await running.line('gateway listening')) as { url: string; adminUrl: string };
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin', 'sluice'), `#!/bin/sh\nexec '${process.execPath}' '${COMMAND}' "$@"\n`);
  chmodSync(join(folder, 'bin', 'sluice'), 0o755);
  /** Runs a line in a shell of its own, with the addresses of this test. */
  const run = (line: string) =>
    new Promise<{ code: number | null; out: string; errors: string }>((resolve) => {
      const text = line
        .replaceAll('http://127.0.0.1:8080', url)
        .replaceAll('127.0.0.1:50051', address)
        .replaceAll('127.0.0.1:9090', adminUrl);
      const child = spawn('bash', ['--norc', '-o', 'pipefail', '-c', text], {
        cwd: folder,
        env: { PATH: `${folder}/bin:${process.env.PATH}`, SLUICE_ADDRESS: url },
        stdio: ['pipe', 'pipe', 'pipe'],
        detached: true,
      });
      let out = '';
      let errors = '';
      // What is typed, where the line reads it.
      child.stdin.on('error', () => {});
      child.stdin.write('{"message":"hi"}\n');
      if (!ENDLESS.test(line)) child.stdin.end();
      child.stdout.on('data', (bytes: Buffer) => {
        out += bytes.toString();
        if (ENDLESS.test(line)) process.kill(-(child.pid as number), 'SIGINT');
      });
      child.stderr.on('data', (bytes: Buffer) => {
        errors += bytes.toString();
      });
      child.once('close', (code) => resolve({ code, out, errors }));
      t.teardown(() => child.kill('SIGKILL'));
    });
  return { run };
}

t.test('every command line of the page and of the README works as it stands there', async (t) => {
  const { run } = await start(t);
  const all = lines();
  t.ok(all.length > 20, `${all.length} lines`);
  for (const line of all) {
    const { code, out, errors } = await run(line);
    // A shell that runs one command becomes it; another one is ended by the same signal.
    const good = ENDLESS.test(line) ? [130, null] : [0];
    t.ok(good.includes(code), `${line}: ${code} ${errors}`);
    t.notMatch(out, /^Usage/, line);
    const isQuiet = / -o |cmp |^source /.test(line);
    t.equal(out === '', isQuiet, `${line} prints ${out.slice(0, 100)}`);
    if (!/ -v$/.test(line) && !ENDLESS.test(line)) t.equal(errors, '', line);
  }
});

t.test('the page names every option of the command, and no other', async (t) => {
  const page = read('docs/command-line.md');
  const named = new Set([...page.matchAll(/--([a-z][a-z0-9-]+)/g)].map(([, flag]) => flag as string));
  const known = new Set(
    Object.keys({ ...CALL_COMMAND, ...LIST_COMMAND, ...DESCRIBE_COMMAND, ...TOP_COMMAND }).map(flagOf),
  );
  // Of the gateway.
  known.add('base-path');
  for (const flag of named) t.ok(known.has(flag), `--${flag} exists`);
  const shorts: Readonly<Record<string, string>> = { data: '-d', header: '-H', verbose: '-v' };
  for (const [name, row] of Object.entries<CommandTable[string]>({ ...CALL_COMMAND, ...TOP_COMMAND })) {
    if (row.variableOnly || ['help', 'version'].includes(name)) continue;
    const short = shorts[name];
    const isNamed = named.has(flagOf(name)) || (short !== undefined && page.includes(`\`${short}`));
    t.ok(isNamed, `the page names --${flagOf(name)}`);
  }
});
