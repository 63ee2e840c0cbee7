import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { ownPort } from '../../support/own-port.js';
import { COMMAND, type Running, sluice } from '../../support/process.js';
import { hasTerminals, openTerminal, type TerminalOptions } from '../../support/terminal.js';

const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
/** What a terminal takes as commands. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with one
const COMMANDS = /\u001b\[[?\d;]*[A-Za-z]/g;
const isSkipped = !(await hasTerminals()) && 'python3 with pty is not installed';

/** A gateway that can be ended and started again at the same admin port, with one open stream. */
async function openGateway(t: Test) {
  const folder = t.testdir();
  const core = sluice(t, ['core', '--listen', '127.0.0.1:0', '--data-dir', folder]);
  const { address } = await core.line('core listening');
  const admin = `127.0.0.1:${await ownPort()}`;
  const start = async (): Promise<Running> => {
    const line = [
      'gateway',
      '--listen',
      '127.0.0.1:0',
      '--admin-listen',
      admin,
      '--upstream',
      String(address),
    ];
    const gateway = sluice(t, line);
    const { url } = await gateway.line('gateway listening');
    const stream = spawn('curl', ['-sN', `${url}/v1/stocks?symbols=AAPL`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    t.teardown(() => stream.kill('SIGKILL'));
    await once(stream.stdout, 'data');
    stream.stdout.resume();
    return gateway;
  };
  const top = (options: TerminalOptions = {}) =>
    openTerminal(t, [process.execPath, COMMAND, 'top', admin, '--interval', '200ms'], options);
  return { start, top, admin };
}

t.test(
  'the screen says that the gateway is gone, goes on when it is back, and is left',
  { skip: isSkipped },
  async (t) => {
    const { start, top, admin } = await openGateway(t);
    const gateway = await start();
    const terminal = top();
    await terminal.until(/GetStockPrices/);
    gateway.child.kill('SIGKILL');
    await gateway.exit;
    await terminal.until(/no answer for [\d.]+s, trying again: 127\.0\.0\.1:\d+/);
    const gone = terminal.shown().length;
    await terminal.until(/no answer for [\d.]+s[^\n]*ECONNREFUSED[\s\S]*GetStockPrices/, gone - 200);
    await start();
    await terminal.until(/\[H1 open/, gone);
    const back = terminal.shown().length;
    await terminal.until(/\[H1 open[^\n]*\r\n[^\n]*METHOD[\s\S]*GetStockPrices/, back);
    terminal.type('\x03');
    t.equal(await terminal.exit, 130);
    const shown = terminal.shown();
    t.equal(shown.split(ENTER).length, 2, 'a screen of its own, once');
    t.ok(shown.trimEnd().endsWith(LEAVE), 'and what was there before comes back');
    t.ok(admin);
  },
);

t.test('a narrow terminal shows what matters on lines that fit', { skip: isSkipped }, async (t) => {
  const { start, top } = await openGateway(t);
  await start();
  for (const [columns, head] of [
    [40, /METHOD .*MSG\/S {2}STALLED BY/],
    [80, /METHOD .*MSG\/S.*STALLED BY/],
  ] as const) {
    const terminal = top({ columns, rows: 6 });
    await terminal.until(/GetStockPrices[\s\S]*GetStockPrices/);
    terminal.type('\x03');
    await terminal.exit;
    const lines = terminal.shown().replaceAll(COMMANDS, '').split('\r\n');
    t.ok(
      lines.some((line) => head.test(line)),
      `${columns}: ${lines[1]}`,
    );
    for (const line of lines) t.ok(line.length <= columns + '^C'.length, `${columns}: ${line}`);
  }
});

t.test('colours are for terminals, and not where NO_COLOR is set', { skip: isSkipped }, async (t) => {
  const { start, top, admin } = await openGateway(t);
  await start();
  for (const [environment, hasColor] of [
    [{}, true],
    [{ NO_COLOR: '1' }, false],
    [{ TERM: 'dumb' }, false],
  ] as const) {
    const terminal = top({ environment });
    await terminal.until(/GetStockPrices/);
    terminal.type('\x03');
    await terminal.exit;
    t.equal(terminal.shown().includes('\x1b[1m'), hasColor, JSON.stringify(environment));
  }
  const piped = sluice(t, ['top', admin, '--once', '--format', 'table']);
  t.equal(await piped.exit, 0);
  t.notOk(piped.lines.join('').includes('\x1b'));
});

t.test('in a pipe an outage is one line of the standard error, and the looks go on', async (t) => {
  const { start, admin } = await openGateway(t);
  const gateway = await start();
  const top = sluice(t, ['top', admin, '--interval', '200ms']);
  const looks = async (from: number) => {
    while (top.lines.length <= from) await once(top.child.stdout as NodeJS.ReadableStream, 'data');
  };
  await looks(0);
  gateway.child.kill('SIGKILL');
  await gateway.exit;
  const before = top.lines.length;
  await start();
  await looks(before + 1);
  top.child.kill('SIGINT');
  t.equal(await top.exit, 130);
  t.equal(top.errors.length, 1, top.errors.join('\n'));
  t.match(top.errors[0], /^sluice top: 127\.0\.0\.1:\d+.*; trying again$/);
  for (const line of top.lines) t.match(JSON.parse(line), { open: Number });
});
