import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { method } from '../support/foreign.js';
import { http, httpJson, open } from '../support/http.js';
import { sluice } from '../support/process.js';

const ANY = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'];
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

t.test('start runs core and gateway, says where, and stops on Ctrl-C with open streams', async (t) => {
  const dir = t.testdir();
  const running = sluice(t, [
    'start',
    ...ANY,
    '--core-listen',
    '127.0.0.1:0',
    '--data-dir',
    join(dir, 'data'),
  ]);
  const { url } = (await running.line('gateway listening')) as { url: string };
  const first = running.lines.slice(0, 2).map((line) => JSON.parse(line).msg);
  t.same(first, ['core listening', 'gateway listening'], 'these are the first lines');
  t.match(JSON.parse(running.lines[0] ?? '').address, /^127\.0\.0\.1:\d+$/);
  t.match(url, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
  t.match(await httpJson(`${url}/v1/stocks/AAPL`), { status: 200, json: { symbol: 'AAPL' } });
  t.match((await http(`${url}/`)).text, '<!doctype html>');
  const { response } = await open(`${url}/v1/data`, { headers: { accept: 'text/event-stream' } });
  response.resume();
  running.child.kill('SIGINT');
  t.equal(await running.exit, 0);
  t.match(running.errors.join('\n'), /Ctrl-C stops it/);
  for (const line of running.lines) t.type(JSON.parse(line).msg, 'string', 'every line of output is JSON');
});

t.test('core and gateway apart; the schema by reflection', async (t) => {
  const core = sluice(t, ['core'], { SLUICE_LISTEN: '127.0.0.1:0', SLUICE_DATA_DIR: t.testdir() });
  const { address } = (await core.line('core listening')) as { address: string };
  t.equal(JSON.parse(core.lines[0] ?? '').msg, 'core listening', 'the first line');
  const gateway = sluice(t, ['gateway', '--upstream', address, ...ANY]);
  const { url, adminUrl } = (await gateway.line('gateway listening')) as { url: string; adminUrl: string };
  t.equal(JSON.parse(gateway.lines[0] ?? '').msg, 'gateway listening', 'the first line');
  t.equal((await http(`${adminUrl}/readyz`)).status, 200);
  t.equal((await httpJson(`${url}/streaming.StreamingService/GetStockQuote?symbol=MSFT`)).status, 200);
  gateway.child.kill('SIGTERM');
  core.child.kill('SIGTERM');
  t.equal(await gateway.exit, 0);
  t.equal(await core.exit, 0);
});

t.test('the schema from .proto files, from a descriptor set, and in that order of preference', async (t) => {
  const proto = ['--proto', path('../support/proto/foreign.proto'), '--proto-path', path('../../proto')];
  const set = ['--descriptor-set', path('../../dist/proto/sluice.binpb')];
  const cases: [args: string[], known: string][] = [
    [proto, method('Ask')],
    [set, '/streaming.StreamingService/GetStockQuote'],
    [['--proto', path('../../proto/google/api/http.proto'), ...proto.slice(1)], method('Ask')],
    [[...proto, ...set], '/streaming.StreamingService/GetStockQuote'],
  ];
  for (const [args, known] of cases) {
    const running = sluice(t, ['gateway', '--upstream', '127.0.0.1:1', ...ANY, ...args]);
    const { url } = (await running.line('gateway listening')) as { url: string };
    t.equal((await http(`${url}${known}`)).status, 503, 'known, though nobody serves it');
    t.equal((await http(`${url}${known}X`)).status, 404);
    running.child.kill('SIGTERM');
    t.equal(await running.exit, 0);
  }
});

t.test('help explains every flag and names its variable', async (t) => {
  for (const command of ['start', 'core', 'gateway']) {
    const running = sluice(t, [command, '--help']);
    t.equal(await running.exit, 0);
    const text = running.lines.join('\n');
    const flags = text.match(/^ {2}--[a-z-]+/gm) ?? [];
    t.ok(flags.length > 4);
    for (const flag of flags) {
      const variable = `SLUICE_${flag.trim().slice(2).toUpperCase().replaceAll('-', '_')}`;
      t.match(text, variable);
    }
  }
  const general = sluice(t, ['--help']);
  t.equal(await general.exit, 0);
  t.match(general.lines.join('\n'), /sluice gateway/);
  const version = sluice(t, ['--version']);
  t.equal(await version.exit, 0);
  t.match(version.lines.join(''), /^\d+\.\d+\.\d+$/);
});

t.test('what is wrong is one clear line and an exit code', async (t) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  t.teardown(() => taken.close());
  const { port } = taken.address() as { port: number };
  const dir = t.testdir();
  writeFileSync(join(dir, 'garbage'), 'garbage');
  writeFileSync(join(dir, 'bad.proto'), 'syntax = "proto3"; message {');
  const cases: [args: string[], code: number, message: RegExp, environment?: NodeJS.ProcessEnv][] = [
    [['gateway', '--nope'], 2, /--nope/],
    [['gateway', 'positional'], 2, /positional/],
    [['gateway', '--head-wait-ms', 'soon'], 2, /--head-wait-ms must be a whole number, not "soon"/],
    [['gateway'], 2, /SLUICE_HEAD_WAIT_MS must be a whole number/, { SLUICE_HEAD_WAIT_MS: 'soon' }],
    [['gateway', '--heartbeat-ms', '0'], 2, /--heartbeat-ms must be from 1/],
    [['gateway', '--listen', 'foo'], 1, /listen address "foo"/],
    [['gateway', '--log-level', 'loud'], 2, /--log-level must be one of/],
    [['gateway', '--proto-path', dir], 2, /--proto/],
    [['gateway', ...ANY, '--descriptor-set', join(dir, 'missing')], 1, /--descriptor-set .*missing/],
    [['gateway', ...ANY, '--descriptor-set', join(dir, 'garbage')], 1, /garbage: .*FileDescriptorSet/],
    [['gateway', ...ANY, '--proto', join(dir, 'bad.proto')], 1, /bad\.proto/],
    [['gateway', ...ANY, '--proto', join(dir, 'missing.proto')], 1, /missing\.proto/],
    [
      ['gateway', '--listen', `127.0.0.1:${port}`, '--descriptor-set', path('../../dist/proto/sluice.binpb')],
      1,
      new RegExp(`${port}`),
    ],
    [['gateway', ...ANY, '--upstream-cert', join(dir, 'garbage')], 2, /--upstream-key/],
    [['core', '--listen', `127.0.0.1:${port}`, '--data-dir', dir], 1, new RegExp(`${port}`)],
    [['core', '--listen', '127.0.0.1:0', '--data-dir', join(dir, 'garbage')], 1, /garbage/],
    [['start', ...ANY, '--core-listen', `127.0.0.1:${port}`, '--data-dir', dir], 1, new RegExp(`${port}`)],
  ];
  for (const [args, code, message, environment] of cases) {
    const running = sluice(t, args, environment);
    t.equal(await running.exit, code, args.join(' '));
    t.equal(running.errors.length, 1, running.errors.join('\n'));
    t.match(running.errors[0], message);
  }
  const unknown = sluice(t, ['fly']);
  t.equal(await unknown.exit, 2);
  t.match(unknown.errors[0], /no command "fly"/);
});
