import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { http, open, until } from '../support/http.js';
import { COMMAND, type Running, sluice, sluiceAt } from '../support/process.js';

// Every case is a process, and a busy machine takes seconds to start one.
t.setTimeout(600_000);

const ANY = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'];
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const PROTO = ['--proto', path('../support/proto/foreign.proto'), '--proto-path', path('../../proto')];
/** Says on the standard error when SIGHUP has a listener: earlier no program can hear it. */
const TELL = `data:text/javascript,process.on('newListener', (name) => name === 'SIGHUP' && setImmediate(() => process.stderr.write('armed\\n')))`;

function start(t: Test, ...args: readonly string[]): Running {
  return sluice(t, ['start', ...ANY, '--core-listen', '127.0.0.1:0', '--data-dir', t.testdir(), ...args]);
}

/** A command whose signals are heard, and that has not begun yet. */
async function armed(t: Test, args: readonly string[]): Promise<Running> {
  const running = sluiceAt(t, process.execPath, ['--import', TELL, COMMAND, ...args]);
  while (!running.errors.includes('armed')) await delay(5);
  return running;
}

t.test('SIGHUP never kills, also not at the start', async (t) => {
  const core = ['--data-dir', t.testdir()];
  const cases: [args: string[], listening: string, reloaded: string][] = [
    [['core', '--listen', '127.0.0.1:0', ...core], 'core listening', 'the core has nothing to reload'],
    [['gateway', '--upstream', '127.0.0.1:1', ...ANY, ...PROTO], 'gateway listening', 'gateway reloaded'],
    [['start', ...ANY, '--core-listen', '127.0.0.1:0', ...core], 'gateway listening', 'gateway reloaded'],
  ];
  for (const [args, listening, reloaded] of cases) {
    const running = await armed(t, args);
    running.child.kill('SIGHUP');
    await running.line(listening);
    await running.line(reloaded);
    const lines = () => running.lines.filter((line) => JSON.parse(line).msg === reloaded).length;
    const before = lines();
    running.child.kill('SIGHUP');
    await until(t, 'the second one', () => lines() > before);
    running.child.kill('SIGTERM');
    t.equal(await running.exit, 0, listening);
  }
});

t.test('SIGTERM at the start ends the process, although nothing listens yet', async (t) => {
  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const) {
    // The first attempt at reflection holds up the start.
    const running = await armed(t, ['gateway', '--upstream', '127.0.0.1:1', ...ANY]);
    running.child.kill(signal);
    t.equal(await running.exit, code);
    t.same(running.lines, []);
  }
});

t.test('the log tells of signals, of draining and of readiness without being asked', async (t) => {
  const core = ['core', '--listen', '127.0.0.1:0', '--data-dir', t.testdir()];
  const first = sluice(t, core);
  const { address } = (await first.line('core listening')) as { address: string };
  const gateway = sluice(t, ['gateway', '--upstream', address, ...ANY]);
  const { url } = (await gateway.line('gateway listening')) as { url: string };
  const { response } = await open(`${url}/v1/data`, { headers: { accept: 'text/event-stream' } });
  response.resume();
  first.child.kill('SIGTERM');
  t.match(await first.line('stopping'), { signal: 'SIGTERM' });
  t.match(await first.line('core draining'), { runningCalls: Number });
  await first.line('core drained');
  t.equal(await first.exit, 0);
  t.match(await gateway.line('gateway not ready'), { level: 40, problem: /does not answer/ });
  const second = sluice(t, [...core.slice(0, 2), address, ...core.slice(3)]);
  await second.line('core listening');
  await gateway.line('gateway ready');
  const { response: stream } = await open(`${url}/v1/data`, { headers: { accept: 'text/event-stream' } });
  stream.resume();
  gateway.child.kill('SIGTERM');
  t.match(await gateway.line('stopping'), { signal: 'SIGTERM' });
  t.match(
    await gateway.line('gateway draining'),
    { openExchanges: 2, sessions: 0, graceMs: 10_000 },
    'the first stream goes on with the second core',
  );
  t.match(await gateway.line('gateway drained'), { unfinished: 0, durationMs: Number });
  t.equal(await gateway.exit, 0);
});

t.test('a second signal stops at once, whatever is open', async (t) => {
  const running = start(t, '--grace-ms', '600000');
  const { url, adminUrl } = (await running.line('gateway listening')) as { url: string; adminUrl: string };
  // An upload that never ends: draining waits for it.
  const upload = request(`${url}/v1/files/never.bin`, { method: 'PUT' });
  upload.on('error', () => {});
  upload.write('a');
  t.teardown(() => upload.destroy());
  const isOpen = async () => (await http(`${adminUrl}/metrics`)).text.includes('sluice_open_exchanges 1');
  while (!(await isOpen())) await delay(20);
  running.child.kill('SIGINT');
  await running.line('gateway draining');
  running.child.kill('SIGINT');
  t.equal(await running.exit, 1);
  t.match(running.lines.join('\n'), /stopping at once/);
});

t.test('a reader that leaves is no crash: help ends, and what serves drains and stops', async (t) => {
  for (const args of [['--help'], ['gateway', '--help'], ['--version']]) {
    const help = sluice(t, args);
    help.child.stdout?.destroy();
    t.equal(await help.exit, 0, args.join(' '));
    t.same(help.errors, []);
  }
  const running = start(t);
  const { url } = (await running.line('gateway listening')) as { url: string };
  running.child.stdout?.destroy();
  await http(`${url}/v1/stocks/AAPL`).catch(() => {});
  t.equal(await running.exit, 0);
  t.match(running.errors.join('\n'), /the log has no reader any more/);
  t.notMatch(running.errors.join('\n'), /^ +at |Error/m, 'no stack');
});
