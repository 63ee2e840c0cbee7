import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { method } from '../support/foreign.js';
import { http, until } from '../support/http.js';
import { sluice } from '../support/process.js';

// Every case is a process, and a busy machine takes seconds to start one.
t.setTimeout(600_000);

const ANY = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'];
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

t.test('SIGHUP reads the configuration and the schema again; a broken file changes nothing', async (t) => {
  const dir = t.testdir();
  const config = join(dir, 'gateway.yaml');
  const set = join(dir, 'methods.binpb');
  const say = (policy: string) =>
    writeFileSync(config, `methods: { streaming.StreamingService/GetDataStream: { slowReader: ${policy} } }`);
  say('{ policy: drop-oldest }');
  copyFileSync(path('../../dist/proto/sluice.binpb'), set);
  const args = ['--upstream', '127.0.0.1:1', '--config', config, '--descriptor-set', set];
  const running = sluice(t, ['gateway', ...ANY, ...args]);
  const { url, adminUrl } = (await running.line('gateway listening')) as { url: string; adminUrl: string };
  const known = `${url}/streaming.StreamingService/GetStockQuote`;
  const policies = async () => {
    const { text } = await http(`${adminUrl}/metrics`);
    return [...text.matchAll(/^sluice_messages_dropped_total\{.*policy="([^"]*)"/gm)].map(([, it]) => it);
  };
  const count = (message: string) => running.lines.filter((line) => JSON.parse(line).msg === message).length;
  const hup = async (message: string) => {
    const before = count(message);
    running.child.kill('SIGHUP');
    await until(t, message, () => count(message) > before);
    return JSON.parse(running.lines.findLast((line) => JSON.parse(line).msg === message) ?? '');
  };
  t.same(await policies(), ['drop-oldest']);

  say('{ polcy: conflate }');
  const problem = 'the reload failed, everything stays as it was';
  t.match(await hup(problem), { level: 50, problem: /gateway\.yaml:1:.*did you mean policy/ });
  say('{ policy: conflate, key: id }');
  writeFileSync(set, 'garbage');
  t.match(await hup(problem), { level: 50, problem: /methods\.binpb: / });
  t.same(await policies(), ['drop-oldest'], 'neither of the two');
  t.equal((await http(known)).status, 503, 'known, though nobody serves it');

  copyFileSync(path('../../dist/proto/sluice.binpb'), set);
  t.match(await hup('gateway reloaded'), { level: 30, methods: 16 });
  t.same(await policies(), ['drop-oldest', 'conflate']);
  const sayRule = (rule: string) => writeFileSync(config, `http: { rules: [{ ${rule} }] }`);
  sayRule('selector: "*Quote", get: /x');
  t.match(await hup(problem), { level: 50, problem: /http\.rules\.0\.selector has no method/ });
  sayRule('selector: streaming.StreamingService.GetStockQuote, get: "/reloaded/{symbol}"');
  t.equal((await http(`${url}/reloaded/X`)).status, 404);
  t.match(await hup('gateway reloaded'), { level: 30 });
  t.equal((await http(`${url}/reloaded/X`)).status, 503, 'a path of the file, and nobody serves it');
  t.equal((await http(`${url}/v1/stocks/X`)).status, 404, 'the path of the proto is gone');
  const restart = 'options in the configuration file have changed: they count after a restart';
  t.equal(count(restart), 0);
  writeFileSync(config, 'gateway: { heartbeatMs: 5000 }');
  t.match(await hup(restart), { level: 40, file: config });
  running.child.kill('SIGTERM');
  t.equal(await running.exit, 0);
});

t.test('files of the schema are read again when they have changed, imports among them', async (t) => {
  const dir = t.testdir({
    'own.proto':
      'syntax = "proto3"; package own; import "types.proto"; service S { rpc One(M) returns (M); }',
    'types.proto': 'syntax = "proto3"; package own; message M { string a = 1; }',
  });
  const types = join(dir, 'types.proto');
  const refresh = ['--upstream', '127.0.0.1:1', ...ANY, '--schema-refresh-ms', '20'];
  const running = sluice(t, ['gateway', ...refresh, '--proto', join(dir, 'own.proto'), '--schema-guard']);
  const { url } = (await running.line('gateway listening')) as { url: string };
  const count = (message: string) => running.lines.filter((line) => JSON.parse(line).msg === message).length;
  const post = (body: string) =>
    http(`${url}/own.S/One`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
  t.equal((await post('{"b":"x"}')).status, 400);
  writeFileSync(types, 'syntax = "proto3"; package own; message M { string a = 1; string b = 2; }');
  await until(t, 'the import is read again', () => count('gateway reloaded') === 1);
  t.equal((await post('{"b":"x"}')).status, 503, 'the new field is known');

  const failed = 'the reload failed, everything stays as it was';
  writeFileSync(types, 'syntax = "proto3"; package own; message M { string');
  await until(t, 'a broken import is an error', () => count(failed) === 1);
  writeFileSync(types, 'syntax = "proto3"; package own; message M { int32 a = 1; string b = 2; }');
  await until(t, 'what breaks clients is refused', () => count(failed) === 2);
  t.match(running.lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === failed)[1], {
    problem: /--schema-guard.*own\.M\.a: its type was string, and is int32/,
  });
  t.equal((await post('{"a":"text","b":"x"}')).status, 503, 'the old schema stays');
  writeFileSync(
    types,
    'syntax = "proto3"; package own; message M { string a = 1; string b = 2; string c = 3; }',
  );
  await until(t, 'a mended one is used', () => count('gateway reloaded') === 2);
  t.equal((await post('{"c":"x"}')).status, 503);
});

t.test('SIGHUP reads .proto files again, and asks the service again that describes itself', async (t) => {
  const dir = t.testdir();
  const proto = join(dir, 'own.proto');
  const write = (name: string) =>
    writeFileSync(
      proto,
      `syntax = "proto3"; package own; message M {} service S { rpc ${name}(M) returns (M); }`,
    );
  write('Old');
  const running = sluice(t, ['gateway', '--upstream', '127.0.0.1:1', ...ANY, '--proto', proto]);
  const { url } = (await running.line('gateway listening')) as { url: string };
  const call = (name: string) => http(`${url}/own.S/${name}`, { method: 'POST' });
  t.equal((await call('Old')).status, 503);
  t.equal((await call('New')).status, 404);
  write('New');
  running.child.kill('SIGHUP');
  await running.line('gateway reloaded');
  t.equal((await call('Old')).status, 404);
  t.equal((await call('New')).status, 503);

  const core = sluice(t, ['core', '--listen', '127.0.0.1:0', '--data-dir', dir]);
  const { address } = (await core.line('core listening')) as { address: string };
  const reflecting = sluice(t, ['gateway', '--upstream', address, ...ANY]);
  const { url: other } = (await reflecting.line('gateway listening')) as { url: string };
  reflecting.child.kill('SIGHUP');
  await reflecting.line('gateway reloaded');
  core.child.kill('SIGKILL');
  await core.exit;
  await reflecting.line('gateway not ready');
  reflecting.child.kill('SIGHUP');
  await reflecting.line('the reload failed, everything stays as it was');
  t.equal((await http(`${other}/streaming.StreamingService/GetStockQuote?symbol=A`)).status, 503);
  t.equal((await http(`${other}${method('Ask')}`)).status, 404, 'it still knows what there is');
});
