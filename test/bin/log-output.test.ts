import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { COMMAND, type Running, sluice } from '../support/process.js';

/** Util-linux's `script`, which runs a command on a terminal of its own. */
const SCRIPT = '/usr/bin/script';

const PORTS = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--core-listen', '127.0.0.1:0'];

async function dataDir(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-log-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Makes a call, a refusal and an end, and resolves with every line of the log. */
async function linesOfACall(t: Test, running: Running, url: string): Promise<string[]> {
  t.equal((await fetch(`${url}/v1/stocks/AAPL`)).status, 200);
  t.equal((await fetch(`${url}/no/such/path`)).status, 404);
  running.child.kill('SIGTERM');
  t.equal(await running.exit, 0);
  return running.lines;
}

t.test('--log-calls off leaves the lines of the process, and none of calls and refusals', async (t) => {
  for (const calls of ['on', 'off']) {
    const running = sluice(t, ['start', ...PORTS, '--data-dir', await dataDir(t), '--log-calls', calls]);
    const { url } = await running.line('gateway listening');
    const lines = await linesOfACall(t, running, url as string);
    const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    t.equal(messages.includes('call'), calls === 'on', `${calls}: call`);
    t.equal(messages.includes('request refused'), calls === 'on', `${calls}: request refused`);
    t.ok(messages.includes('gateway drained'), `${calls}: gateway drained`);
  }
});

t.test('each call has its line, though lines are written together, whatever ends the process', async (t) => {
  for (const [signals, code] of [
    [['SIGTERM'], 0],
    [['SIGTERM', 'SIGINT'], 1],
  ] as const) {
    const running = sluice(t, ['start', ...PORTS, '--data-dir', await dataDir(t)]);
    const { url } = await running.line('gateway listening');
    const calls = await Promise.all(Array.from({ length: 60 }, () => fetch(`${url}/v1/stocks/AAPL`)));
    for (const signal of signals) running.child.kill(signal);
    t.equal(await running.exit, code);
    const ids = running.lines
      .map((line) => JSON.parse(line) as { surface?: string; requestId: string })
      .filter(({ surface }) => surface !== undefined)
      .map(({ requestId }) => requestId);
    t.same(ids.toSorted(), calls.map(({ headers }) => headers.get('x-request-id')).toSorted());
  }
});

t.test(
  '--log-format pretty writes one line for people, without colours where there is no terminal',
  async (t) => {
    const running = sluice(t, ['start', ...PORTS, '--data-dir', await dataDir(t), '--log-format', 'pretty']);
    await new Promise<void>((resolve) =>
      running.child.stdout?.on('data', () => urlIn(running.lines) && resolve()),
    );
    const lines = await linesOfACall(t, running, urlIn(running.lines) as string);
    t.ok(
      lines.some((line) => /^\d\d:\d\d:\d\d\.\d+ INFO {2}call .*code=OK/.test(line)),
      'a line of a call',
    );
    t.notOk(lines.some((line) => line.startsWith('{') || line.includes('\u001b')));
  },
);

/** The address in the first line that has one; the reader of lines is always a little behind the pipe. */
function urlIn(lines: readonly string[]): string | undefined {
  return lines.map((line) => /gateway listening url=(\S+)/.exec(line)?.[1]).find((url) => url !== undefined);
}

t.test('a terminal gets pretty lines by itself, with colours unless NO_COLOR is set', async (t) => {
  if (!existsSync(SCRIPT)) {
    t.comment(`there is no ${SCRIPT}: left out`);
    t.pass('left out');
    return;
  }
  for (const [environment, hasColours] of [
    [{}, true],
    [{ NO_COLOR: '1' }, false],
  ] as const) {
    const command = [
      process.execPath,
      COMMAND,
      'core',
      '--listen',
      '127.0.0.1:0',
      '--data-dir',
      await dataDir(t),
    ];
    const child = spawn(SCRIPT, ['-qec', command.map((word) => `'${word}'`).join(' '), '/dev/null'], {
      env: { PATH: process.env.PATH, TERM: 'xterm', ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
    t.teardown(() => child.kill('SIGKILL'));
    let text = '';
    let isStopped = false;
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      // Ctrl-C, as a terminal sends it.
      if (isStopped || !text.includes('core listening')) return;
      isStopped = true;
      child.stdin.write('\u0003');
    });
    // How it ends is for signals.test.ts: right after the line it may still count as starting.
    await exit;
    t.match(text, /INFO.*core listening/);
    t.equal(text.includes('\u001b['), hasColours, JSON.stringify(text.slice(0, 200)));
  }
});
