import { randomBytes } from 'node:crypto';
import t from 'tap';
import { bytes, json, method, openForeign } from '../../../support/foreign.js';
import { head, http, httpJson, open, read, send, until } from '../../../support/http.js';
import { raw } from '../../../support/raw-client.js';

const never = new Promise<never>(() => {});
const piece = (content: Uint8Array, name = '') =>
  bytes({ content: Buffer.from(content).toString('base64'), name }, 'Piece');
const OCTETS = { 'content-type': 'application/octet-stream' };

t.test('a download is the bytes and nothing else', async (t) => {
  const file = randomBytes(300_000);
  const { url, upstream } = await openForeign(t, {
    Fetch: [
      { in: 'end' },
      { out: await piece(file.subarray(0, 100_000)) },
      { out: await piece(file.subarray(100_000)) },
      { out: await piece(Buffer.alloc(0)) },
    ],
  });
  const answer = await http(`${url}/foreign/files/a/b%20c.bin`);
  t.equal(answer.status, 200);
  t.ok(answer.bytes.equals(file));
  t.match(answer.headers, {
    'content-type': 'application/octet-stream',
    'content-disposition': 'attachment; filename="b c.bin"',
    'x-content-type-options': 'nosniff',
    'transfer-encoding': 'chunked',
  });
  t.same(await json((await upstream.call(method('Fetch'))).received[0]), { text: 'a/b c.bin' });
  const browser = await http(`${url}/foreign/files/x`, { headers: { accept: 'text/html,image/png;q=0.9' } });
  t.ok(browser.bytes.equals(file), 'whatever a browser accepts');
  const messages = await http(`${url}/foreign/files/x`, { headers: { accept: 'application/x-ndjson' } });
  t.equal(messages.text.split('\n').length, 4, 'as messages when asked for');
  const path = await http(`${url}${method('Fetch')}?text=x`, {
    headers: { accept: 'application/octet-stream' },
  });
  t.ok(path.bytes.equals(file), 'at the gRPC path when asked for');
});

t.test('a request without a body is no empty file', async (t) => {
  const { url, upstream } = await openForeign(t, { Store: [{ in: 'end' }, { out: new Uint8Array(0) }] });
  for (const [verb, version, type] of [
    ['PUT', '1.1', ''],
    ['PUT', '1.0', ''],
    ['PUT', '1.1', 'content-type: application/octet-stream\r\n'],
    ['PUT', '1.1', 'content-type: image/png\r\n'],
  ]) {
    const client = await raw(
      t,
      url,
      `${verb} /foreign/files/x HTTP/${version}\r\nhost: localhost\r\n${type}connection: close\r\n\r\n`,
    );
    await client.closed;
    t.match(client.answer, /^HTTP\/1.1 411 [\s\S]*"header content-length: there is no body/);
  }
  t.equal(upstream.calls(method('Store')).length, 0, 'the service is not asked');
  for (const body of ['content-length: 0\r\n\r\n', 'transfer-encoding: chunked\r\n\r\n0\r\n\r\n']) {
    const head = 'PUT /foreign/files/x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n';
    const client = await raw(t, url, head + body);
    await client.closed;
    t.match(client.answer, /^HTTP\/1.1 200 /);
  }
  t.equal(upstream.calls(method('Store')).length, 2);
});

t.test('any stream with one bytes field can be a download', async (t) => {
  const { url } = await openForeign(t, {
    Plain: [{ in: 'end' }, { out: await piece(Buffer.from('hi')), times: 2 }],
  });
  const asked = await http(url + method('Plain'), { headers: { accept: 'application/octet-stream' } });
  t.equal(asked.text, 'hihi');
  t.match((await http(url + method('Plain'))).text, '{"content":"aGk="}\n', 'but only when asked for');
});

t.test('google.api.HttpBody says what it is', async (t) => {
  const body = Buffer.concat([
    Buffer.from([0x0a, 9]),
    Buffer.from('text/html'),
    Buffer.from([0x12, 2]),
    Buffer.from('<>'),
  ]);
  const evil = Buffer.concat([
    Buffer.from([0x0a, 9]),
    Buffer.from('a/b\r\nx: y'),
    Buffer.from([0x12, 2]),
    Buffer.from('<>'),
  ]);
  let next = body;
  const { url } = await openForeign(t, { Body: () => [{ in: 'end' }, { out: next }] });
  const answer = await http(`${url}/foreign/body`);
  t.equal(answer.text, '<>');
  t.match(answer.headers, { 'content-type': 'text/html', 'x-content-type-options': 'nosniff' });
  next = evil;
  t.equal((await http(`${url}/foreign/body`)).headers['content-type'], 'application/octet-stream');
});

t.test('a missing file is 404, a failure in the middle breaks the transfer', async (t) => {
  let steps = [{ in: 'end' } as const, { status: 'NOT_FOUND', message: 'no file' } as const] as never;
  // A service that a busy machine keeps from answering for a while still has its HTTP status.
  const { url } = await openForeign(t, { Fetch: () => steps }, { limits: { headWaitMs: 30_000 } });
  t.match(await httpJson(`${url}/foreign/files/none`), {
    status: 404,
    json: { error: { message: 'no file' } },
  });
  steps = [
    { in: 'end' },
    { out: await piece(Buffer.from('half')) },
    { wait: new Promise((resolve) => setTimeout(resolve, 50)) },
    { status: 'DATA_LOSS' },
  ] as never;
  const broken = await http(`${url}/foreign/files/half`);
  t.equal(broken.text, 'half', 'no text is mixed into bytes');
  t.notOk(broken.complete);
});

t.test(
  'bytes that are no message are an HTTP error in place of a file, and break one that has begun',
  async (t) => {
    const broken = Buffer.from([0x0a, 0xff, 0xff]);
    const { url } = await openForeign(t, {
      Fetch: [{ in: 'end' }, { out: broken }],
      Plain: [{ in: 'end' }, { out: await piece(Buffer.from('begun')) }, { out: broken }],
    });
    const instead = await httpJson(`${url}/foreign/files/x`);
    t.equal(instead.status, 500);
    t.match(instead.json, { error: { details: [{ reason: 'UPSTREAM_INVALID_MESSAGE' }] } });
    t.equal((await http(`${url}/foreign/files/x`, { method: 'HEAD' })).status, 500);
    const within = await raw(
      t,
      url,
      `GET ${method('Plain')} HTTP/1.1\r\nhost: localhost\r\naccept: application/octet-stream\r\n\r\n`,
    );
    await within.closed;
    t.notMatch(within.answer, /\r\n0\r\n\r\n$/, 'no client takes it for a whole one');
  },
);

t.test('messages without bytes are an answer as well', async (t) => {
  const { url } = await openForeign(t, {
    Plain: [{ in: 'end' }, { out: await bytes({ name: 'x' }, 'Piece'), times: 2 }, { wait: never }],
  });
  const { response } = await open(url + method('Plain'), { headers: { accept: 'application/octet-stream' } });
  t.equal(response.statusCode, 200, 'the head does not wait for bytes');
  response.destroy();
});

t.test('HEAD has the same head, no body, and cancels the call', async (t) => {
  const { url, upstream } = await openForeign(t, {
    Fetch: [{ in: 'end' }, { out: await piece(Buffer.alloc(1000)), times: 1_000_000 }],
  });
  const answer = await http(`${url}/foreign/files/big.bin`, { method: 'HEAD' });
  t.equal(answer.status, 200);
  t.equal(answer.bytes.length, 0);
  t.match(answer.headers['content-disposition'], 'big.bin');
  const call = await upstream.call(method('Fetch'));
  await call.over;
  t.ok(call.cancelled && call.accepted < 100_000);
});

t.test('an upload is the body in pieces, with the fields of the address in the first', async (t) => {
  const file = randomBytes(500_000);
  const { url, upstream } = await openForeign(t, {
    Store: [{ in: 'end' }, { out: await bytes({ big: '500000' }) }],
  });
  const answer = await httpJson(`${url}/foreign/files/dir/x.bin`, {
    method: 'PUT',
    body: file,
    headers: OCTETS,
  });
  t.same(answer, { status: 200, json: { big: '500000' } });
  const { received } = await upstream.call(method('Store'));
  const pieces = (await Promise.all(received.map((message) => json(message, 'Piece')))) as {
    content?: string;
    name?: string;
  }[];
  t.ok(Buffer.concat(pieces.map(({ content }) => Buffer.from(content ?? '', 'base64'))).equals(file));
  t.equal(pieces[0]?.name, 'dir/x.bin');
  t.ok(pieces.slice(1).every(({ name }) => name === undefined));
  t.ok(received.every((message) => message.length <= 64 * 1024 + 100));
  for (const headers of [{}, { 'content-type': 'image/png' }] as Record<string, string>[]) {
    const sent = await httpJson(`${url}/foreign/files/y`, { method: 'PUT', body: 'small', headers });
    t.equal(sent.status, 200, 'any content type at the rule');
  }
  await httpJson(`${url}/foreign/files/empty`, { method: 'PUT', headers: OCTETS });
  const empty = await upstream.call(method('Store'), 3);
  t.same(await Promise.all(empty.received.map((message) => json(message, 'Piece'))), [{ name: 'empty' }]);
  const lines = await httpJson(url + method('Store'), {
    body: '{"content":"aGk="}\n',
    headers: { 'content-type': 'application/x-ndjson' },
  });
  t.equal(lines.status, 200, 'as messages when sent so');
});

t.test('an upload that is cut is cancelled, never half-closed', async (t) => {
  const { url, upstream, gateway } = await openForeign(t, { Store: [{ in: 'end' }] });
  for (const declared of [{ 'content-length': '1000000' }, {}] as Record<string, string>[]) {
    const index = upstream.calls(method('Store')).length;
    const sent = send(`${url}/foreign/files/cut`, { method: 'PUT', headers: { ...OCTETS, ...declared } });
    sent.write(Buffer.alloc(10_000));
    const call = await upstream.call(method('Store'), index);
    await until(t, 'the first piece', () => call.received.length > 0);
    sent.destroy();
    await call.over;
    t.same([call.cancelled, call.halfClosed], [true, false]);
  }
  await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
});

t.test('a service that refuses an upload early is heard', async (t) => {
  const { url } = await openForeign(t, {
    Store: [{ in: 1 }, { status: 'PERMISSION_DENIED', message: 'not you' }],
  });
  const sent = send(`${url}/foreign/files/no`, { method: 'PUT', headers: OCTETS });
  sent.write(Buffer.alloc(100_000));
  const answer = await read(await head(sent));
  t.equal(answer.status, 403);
  sent.destroy();
});

t.test('a client that leaves a download cancels it', async (t) => {
  const { url, upstream } = await openForeign(t, {
    Fetch: [{ in: 'end' }, { out: await piece(Buffer.alloc(10)) }, { wait: never }],
  });
  const { response } = await open(`${url}/foreign/files/x`);
  response.destroy();
  const call = await upstream.call(method('Fetch'));
  await call.over;
  t.ok(call.cancelled);
});
