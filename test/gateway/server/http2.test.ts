import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { promisify } from 'node:util';
import t from 'tap';
import { memory } from '../../../gateway/memory/index.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { http, until } from '../../support/http.js';
import { answerTo, ask, connectHttp2 } from '../../support/http2-client.js';
import { quiet } from '../../support/quiet.js';
import { raw } from '../../support/raw-client.js';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const EMPTY_SETTINGS = '\0\0\0\x04\0\0\0\0\0';
const ITEM = async () => [{ in: 'end' as const }, { out: await bytes({ text: 'here' }) }];
const JSON_TYPE = { 'content-type': 'application/json' };

t.test('one port answers HTTP/1.1 and HTTP/2 alike', async (t) => {
  const { url, upstream } = await openForeign(t, { Ask: await ITEM() });
  const session = connectHttp2(t, url);
  const [one, two] = await Promise.all([
    http(url + method('Ask'), { headers: { ...JSON_TYPE, 'x-request-id': 'one' }, body: '{}' }),
    ask(session, method('Ask'), { ...JSON_TYPE, 'x-request-id': 'two', 'grpc-metadata-mine': 'yes' }, '{}'),
  ]);
  t.equal(one.status, 200);
  t.equal(two.status, 200);
  t.equal(two.text, one.text);
  t.ok(two.complete);
  t.equal(two.headers['x-request-id'], 'two');
  for (const name of ['connection', 'keep-alive', 'transfer-encoding']) t.notOk(name in two.headers, name);
  const { port } = new URL(url);
  const call = upstream
    .calls(method('Ask'))
    .find(({ metadata }) => metadata.some(([name]) => name === 'mine'));
  const metadata = new Map(call?.metadata);
  t.equal(metadata.get('x-forwarded-host'), `127.0.0.1:${port}`, 'the authority is the host');
  t.notOk(
    [...metadata.keys()].some((name) => name.startsWith(':') && name !== ':authority' && name !== ':path'),
  );
});

t.test('every kind of answer comes over HTTP/2', async (t) => {
  const item = await bytes({ text: 'x' });
  const { url } = await openForeign(t, { Ask: await ITEM(), Down: [{ in: 'end' }, { out: item, times: 3 }] });
  const session = connectHttp2(t, url);
  const headed = session.request({ ':method': 'HEAD', ':path': `${method('Down')}?text=a` });
  const answer = await answerTo(headed);
  t.match(answer, { status: 200, text: '', complete: true });
  const sse = await ask(session, method('Down'), { accept: 'text/event-stream' });
  t.equal(sse.text.split('data: {"text":"x"}').length, 4);
  t.match(sse.text, /^event: end$/m);
  t.ok(sse.complete);
  t.match(await ask(session, '/nowhere'), { status: 404, headers: { 'sluice-reason': 'PATH_NOT_FOUND' } });
  t.match(await ask(session, '/nowhere', {}, 'a body'), { status: 404, complete: true });
  t.match(await ask(session, '/_sluice/services'), { status: 200, complete: true });
  const options = session.request({ ':method': 'OPTIONS', ':path': method('Ask') });
  t.match(await answerTo(options), { status: 204, complete: true, headers: { allow: /POST/ } });
  const waiting = session.request({
    ':method': 'POST',
    ':path': method('Ask'),
    ...JSON_TYPE,
    expect: '100-continue',
  });
  await once(waiting, 'continue');
  waiting.end('{}');
  t.match(await answerTo(waiting), { status: 200, text: '{"text":"here"}' });
  t.match(await ask(session, method('Ask'), { expect: 'the-unexpected' }), {
    status: 417,
    headers: { 'sluice-reason': 'INVALID_HEADER' },
  });
  const tunnel = session.request({ ':method': 'CONNECT', ':authority': new URL(url).host });
  t.match(await answerTo(tunnel), { headers: { 'sluice-reason': 'HTTP_METHOD_UNKNOWN' } });
});

t.test('the authority is checked as a host is', async (t) => {
  const { url } = await openForeign(t, { Ask: await ITEM() });
  const session = connectHttp2(t, url);
  const refused = await ask(session, method('Ask'), { ':authority': 'evil.example', ...JSON_TYPE }, '{}');
  t.match(refused, { status: 421, headers: { 'sluice-reason': 'HOST_NOT_SERVED' } });
  const two = { ':authority': 'localhost', host: 'evil.example', ...JSON_TYPE };
  t.match(await ask(session, method('Ask'), two, '{}'), { status: 400 }, 'another host beside it');
  const same = { ':authority': 'localhost', host: 'localhost', ...JSON_TYPE };
  t.match(await ask(session, method('Ask'), same, '{}'), { status: 200 }, 'the same one twice is one');
  const foreign = { 'content-type': 'application/x-ndjson', origin: 'https://evil.example' };
  t.match(await ask(session, method('Up'), foreign, '{}'), {
    status: 403,
    headers: { 'sluice-reason': 'ORIGIN_NOT_ALLOWED' },
  });
});

t.test('the first bytes may come one by one', async (t) => {
  const { url } = await openForeign(t, { Ask: await ITEM() });
  const client = connectTcp(Number(new URL(url).port), '127.0.0.1').setNoDelay(true);
  t.teardown(() => client.destroy());
  await once(client, 'connect');
  let came = Buffer.alloc(0);
  client.on('data', (chunk) => {
    came = Buffer.concat([came, chunk]);
  });
  for (const byte of PREFACE + EMPTY_SETTINGS) {
    client.write(byte, 'latin1');
    await new Promise(setImmediate);
  }
  await until(t, 'the settings of the gateway', () => came.length >= 9);
  t.equal(came[3], 4, 'a SETTINGS frame');
  const other = await raw(t, url, 'P');
  for (const part of ['R', 'O', 'PFIND / HTTP/1.1\r\nhost: localhost\r\n', 'connection: close\r\n\r\n'])
    other.socket.write(part);
  await other.closed;
  t.match(other.answer, /^HTTP\/1\.1 501 /, 'what only begins like it is HTTP/1.1');
});

t.test('a client that does not get to its request is refused in time', async (t) => {
  const { url } = await openForeign(t, {}, { limits: { requestHeadMs: 300 } });
  for (const text of ['', 'P', PREFACE.slice(0, 20)]) {
    const client = await raw(t, url, text);
    await client.closed;
    t.match(client.answer, /^HTTP\/1\.1 408 [\s\S]*HEAD_TIMEOUT/, JSON.stringify(text));
  }
  const half = await raw(t, url, PREFACE.slice(0, 20));
  half.socket.end();
  await half.closed;
  t.match(half.answer, /^HTTP\/1\.1 400 /);
});

t.test('garbage after the preface ends its connection and no other', async (t) => {
  const { url } = await openForeign(t, { Ask: await ITEM() });
  const session = connectHttp2(t, url);
  await ask(session, method('Ask'), JSON_TYPE, '{}');
  for (const text of [
    `${PREFACE}GET / HTTP/1.1\r\nhost: localhost\r\n\r\n`,
    `${PREFACE}${'\xff'.repeat(64)}`,
  ]) {
    const client = await raw(t, url, '');
    client.socket.write(text, 'latin1');
    await client.closed;
    t.notMatch(client.answer, /HTTP\/1\.1/);
  }
  t.match(await ask(session, method('Ask'), JSON_TYPE, '{}'), { status: 200 });
});

t.test('an answer that breaks is reset, and its neighbours are not', async (t) => {
  const item = await bytes({ text: 'x' });
  const { url } = await openForeign(t, {
    Down: [{ in: 'end' }, { out: item }, { status: 'DATA_LOSS', message: 'gone' }],
    Ask: await ITEM(),
  });
  const session = connectHttp2(t, url);
  const [broken, whole] = await Promise.all([
    ask(session, method('Down'), { accept: 'application/x-ndjson' }),
    ask(session, method('Ask'), JSON_TYPE, '{}'),
  ]);
  t.match(broken, { status: 200, complete: false, rstCode: 2 });
  t.match(broken.text, /"DATA_LOSS"/, 'what was written has come');
  t.match(whole, { status: 200, complete: true });
});

t.test('an upload that is reset without an error is not taken for a whole one', async (t) => {
  const { url, upstream, gateway } = await openForeign(t, { Up: [{ in: 'end' }, { out: await bytes({}) }] });
  const session = connectHttp2(t, url);
  for (const code of [0, 8]) {
    const stream = session.request({
      ':method': 'POST',
      ':path': method('Up'),
      'content-type': 'application/x-ndjson',
    });
    stream.on('error', () => {});
    stream.write('{"text":"a"}\n{"te');
    const calls = upstream.calls(method('Up'));
    const before = calls.length;
    await until(
      t,
      'the call',
      () => upstream.calls(method('Up')).length > before - 1 && gateway.openExchanges > 0,
    );
    stream.close(code);
    await until(t, 'the exchange to be over', () => gateway.openExchanges === 0);
    for (const call of upstream.calls(method('Up'))) t.notOk(call.halfClosed, `after a reset with ${code}`);
  }
});

t.test('an upload that stalls while many clients do is taken whole when the service goes on', async (t) => {
  let goOn = () => {};
  const wait = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const { url, upstream } = await openForeign(t, {
    Store: [{ in: 1 }, { wait }, { in: 'end' }, { out: await bytes({ text: 'stored' }) }],
  });
  const CROWD_BYTES = 1024 * 1024 * 1024;
  memory.ordinaryBytes += CROWD_BYTES;
  t.teardown(() => {
    memory.ordinaryBytes -= CROWD_BYTES;
  });
  t.ok(memory.isCrowded);
  const body = Buffer.alloc(2 * 1024 * 1024, 'x');
  const session = connectHttp2(t, url);
  const answer = ask(session, method('Store'), { 'content-type': 'application/octet-stream' }, body);
  await until(t, 'the call', () => (upstream.calls(method('Store'))[0]?.received.length ?? 0) > 0);
  await quiet(50);
  goOn();
  t.match(await answer, { status: 200, complete: true });
  const bytesOf =
    upstream.calls(method('Store'))[0]?.received.reduce((sum, { length }) => sum + length, 0) ?? 0;
  t.ok(bytesOf >= body.length, `${bytesOf} bytes`);
});

t.test('a gateway that leaves says so, and serves what has begun', async (t) => {
  let goOn = () => {};
  const wait = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const { url, gateway } = await openForeign(
    t,
    { Ask: [{ in: 'end' }, { wait }, { out: await bytes({ text: 'late' }) }] },
    { graceMs: 20_000 },
  );
  const session = connectHttp2(t, url);
  const begun = ask(session, method('Ask'), JSON_TYPE, '{}');
  await until(t, 'the exchange', () => gateway.openExchanges === 1);
  const goodbye = once(session, 'goaway');
  const closed = gateway.close();
  const [code] = await goodbye;
  t.equal(code, 0);
  goOn();
  t.match(await begun, { status: 200, text: '{"text":"late"}', complete: true });
  await closed;
  await until(t, 'the connection to end', () => session.destroyed);
});

t.test('a gateway that may not wait cuts its connections', async (t) => {
  const { url, gateway } = await openForeign(
    t,
    { Ask: [{ in: 'end' }, { wait: new Promise<void>(() => {}) }] },
    { graceMs: 50 },
  );
  const session = connectHttp2(t, url);
  const begun = ask(session, method('Ask'), JSON_TYPE, '{}');
  await until(t, 'the exchange', () => gateway.openExchanges === 1);
  await gateway.close();
  t.equal((await begun).complete, false);
});

t.test('a connection of HTTP/2 counts as one of its address', async (t) => {
  const { url } = await openForeign(t, { Ask: await ITEM() }, { limits: { connectionsPerAddress: 1 } });
  const session = connectHttp2(t, url);
  t.match(await ask(session, method('Ask'), JSON_TYPE, '{}'), { status: 200 });
  await t.rejects(http(url), { code: 'ECONNRESET' }, 'one more is reset');
  session.close();
  await once(session, 'close');
  const next = connectHttp2(t, url);
  t.match(await ask(next, method('Ask'), JSON_TYPE, '{}'), { status: 200 }, 'there is room again');
});

for (const [command, ...options] of [
  ['curl', '-sS', '--http2-prior-knowledge', '-d', '{}', '-H', 'content-type: application/json'],
  ['nghttp', '--no-dep', '-H', ':method: POST', '-H', 'content-type: application/json'],
] as const) {
  t.test(`${command} calls`, async (t) => {
    const { url } = await openForeign(t, { Ask: await ITEM() });
    try {
      const { stdout } = await promisify(execFile)(command, [...options, url + method('Ask')]);
      t.equal(stdout, '{"text":"here"}');
    } catch (reason) {
      if ((reason as NodeJS.ErrnoException).code !== 'ENOENT') throw reason;
      t.comment(`not played: there is no ${command} here`);
      t.pass();
    }
  });
}

t.test('a client that leaves by closing its connection ends its calls at once', async (t) => {
  const item = await bytes({ text: 'x' });
  const { url, upstream, gateway } = await openForeign(t, {
    Down: [{ in: 'end' }, { out: item }, { wait: new Promise(() => {}) }],
    Up: [{ in: 'end' }],
  });
  const { port } = new URL(url);
  const ways: Readonly<Record<string, (socket: Socket) => void>> = {
    'a FIN of a client that goes on reading': (socket) => socket.end(),
    'a FIN of a client that has gone': (socket) => socket.destroy(),
    'a RST': (socket) => socket.resetAndDestroy(),
  };
  for (const [way, leave] of Object.entries(ways)) {
    const socket = connectTcp({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
    const session = connectHttp2(t, url, { createConnection: () => socket });
    const down = session.request({ ':path': `${method('Down')}?text=a`, accept: 'text/event-stream' });
    down.on('error', () => {}).resume();
    const up = session.request({
      ':method': 'POST',
      ':path': method('Up'),
      'content-type': 'application/x-ndjson',
    });
    up.on('error', () => {}).write('{"text":"a"}\n');
    await once(down, 'response');
    await until(
      t,
      `${way}: both calls`,
      () => gateway.openExchanges === 2 && upstream.calls(method('Up')).at(-1)?.received.length === 1,
    );
    const begun = performance.now();
    leave(socket);
    await until(t, `${way}: no exchange`, () => gateway.openExchanges === 0);
    t.ok(performance.now() - begun < 1_000, `${way}: within a second`);
    for (const name of ['Down', 'Up']) {
      const call = upstream.calls(method(name)).at(-1);
      await call?.over;
      t.ok(call?.cancelled, `${way}: ${name} is cancelled`);
    }
  }
});

t.test('a client may send further ahead once a body moves on its connection, and not before', async (t) => {
  const { url, upstream } = await openForeign(t, {
    Up: [{ in: 'end' }, { out: await bytes({ text: 'whole' }) }],
    Both: [{ wait: new Promise(() => {}) }],
  });
  const session = connectHttp2(t, url);
  const post = (name: string) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': method(name),
      'content-type': 'application/x-ndjson',
    });
    stream.on('error', () => {});
    return stream;
  };
  const windows: number[] = [];
  session.on('remoteSettings', ({ initialWindowSize = 0 }) => windows.push(initialWindowSize));
  const line = `${JSON.stringify({ text: 'x'.repeat(10_000) })}\n`;
  // Of a call whose service takes nothing at all, less is read than of one that moves.
  const stalled = post('Both');
  stalled.write(line.repeat(300));
  await until(t, 'the settings', () => windows.length > 0);
  await until(t, 'the stalled call', () => upstream.calls(method('Both')).length === 1);
  t.same(windows, [32_768]);
  const moving = post('Up');
  moving.end(line.repeat(300));
  t.match(await answerTo(moving), { status: 200 });
  t.same(windows, [32_768, 262_144]);
  const again = post('Up');
  again.end(line.repeat(300));
  t.match(await answerTo(again), { status: 200 });
  t.equal(windows.length, 2, 'once a connection');
});
