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
  t.notMatch(running.lines.join('\n'), /ServerReflection/, 'what the gateway asks the core is no news');
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
