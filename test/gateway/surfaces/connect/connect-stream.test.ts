import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { connectStream, envelope, envelopes, Flag, gzipEnvelope } from '../../../support/connect.js';
import { bytes, json, method, openForeign } from '../../../support/foreign.js';
import { head, http, open, send, until } from '../../../support/http.js';

const PROTO = { 'content-type': 'application/connect+proto' };
const JSON_TYPE = { 'content-type': 'application/connect+json', 'connect-protocol-version': '1' };

t.test('a server stream as bytes: messages, then one end with the trailers', async (t) => {
  const { url, upstream } = await openForeign(t, {
    Down: [
      { in: 'end' },
      { headers: [['shard', '7']] },
      { out: await bytes({ number: 1 }) },
      { out: await bytes({ text: 'x'.repeat(70_000) }) },
      { out: await bytes({}) },
      {
        status: 'OK',
        trailers: [
          ['cost', '3'],
          ['cost', '4'],
        ],
      },
    ],
  });
  const answer = await http(url + method('Down'), {
    headers: { ...PROTO, who: 'ada' },
    body: envelope(await bytes({ text: 'go' })),
  });
  t.match(answer, {
    status: 200,
    complete: true,
    headers: { 'content-type': 'application/connect+proto', 'connect-accept-encoding': /gzip/, shard: '7' },
  });
  const { messages, end } = connectStream(answer.bytes);
  t.same(await Promise.all(messages.map((message) => json(message))), [
    { number: 1 },
    { text: 'x'.repeat(70_000) },
    {},
  ]);
  t.same(end, { metadata: { cost: ['3', '4'] } });
  const { received, metadata } = await upstream.call(method('Down'));
  t.same(await json(received[0]), { text: 'go' });
  t.ok(metadata.some(([name, value]) => name === 'who' && value === 'ada'));
});

t.test('the same as JSON', async (t) => {
  const { url, upstream } = await openForeign(t, {
    Down: [{ in: 'end' }, { out: await bytes({ text: 'ä' }), times: 3 }],
  });
  const body = envelope('{"text":"go"}');
  const answer = await http(url + method('Down'), { headers: JSON_TYPE, body });
  t.match(answer, { status: 200, headers: { 'content-type': 'application/connect+json' } });
  const { messages, end } = connectStream(answer.bytes);
  t.same(messages.map(String), ['{"text":"ä"}', '{"text":"ä"}', '{"text":"ä"}']);
  t.same(end, {});
  t.same(await json((await upstream.call(method('Down'))).received[0]), { text: 'go' });
});

t.test('a failure is the end of a whole transfer, before the first message and after it', async (t) => {
  const failure = { status: 'NOT_FOUND', message: 'gone', trailers: [['cost', '3']] } as const;
  const { url } = await openForeign(t, {
    Down: [{ in: 'end' }, { out: await bytes({}) }, failure],
    Numbered: [{ in: 'end' }, failure],
    Both: [{ headers: [['shard', '7']] }, failure],
  });
  const expected = { error: { code: 'not_found', message: 'gone' }, metadata: { cost: ['3'] } };
  for (const [name, count] of [
    ['Down', 1],
    ['Numbered', 0],
    ['Both', 0],
  ] as const) {
    const answer = await http(url + method(name), { headers: PROTO, body: envelope('') });
    t.match(answer, { status: 200, complete: true });
    const { messages, end } = connectStream(answer.bytes);
    t.equal(messages.length, count);
    t.same(end, expected);
    if (name === 'Both') t.equal(answer.headers.shard, '7', 'its metadata came first');
  }
});

t.test('a client stream, with messages compressed and not', async (t) => {
  const { url, upstream } = await openForeign(t, {
    Up: [{ in: 'end' }, { out: await bytes({ number: 3 }) }],
  });
  const items = [{ text: 'a' }, {}, { text: 'b'.repeat(3_000) }];
  const [a, empty, b] = await Promise.all(items.map((item) => bytes(item)));
  const answer = await http(url + method('Up'), {
    headers: { ...PROTO, 'connect-content-encoding': 'gzip' },
    body: Buffer.concat([
      gzipEnvelope(a as Uint8Array),
      envelope('', Flag.compressed),
      envelope(empty as Uint8Array),
      gzipEnvelope(b as Uint8Array),
    ]),
  });
  const { messages, end } = connectStream(answer.bytes);
  t.same(await Promise.all(messages.map((message) => json(message))), [{ number: 3 }]);
  t.same(end, {});
  const { received } = await upstream.call(method('Up'));
  t.same(await Promise.all(received.map((message) => json(message))), [items[0], {}, {}, items[2]]);
});

t.test('both directions at once', async (t) => {
  const { url } = await openForeign(t, { Both: [{ echo: true }] });
  const sent = send(url + method('Both'), { method: 'POST', headers: JSON_TYPE });
  let body = Buffer.alloc(0);
  const texts = () => envelopes(body).frames.map((frame) => frame.bytes.toString('utf8'));
  sent.write(envelope('{"number":1}'));
  const response = await head(sent);
  response.on('data', (chunk: Buffer) => {
    body = Buffer.concat([body, chunk]);
  });
  await until(t, 'the first answer', () => texts().length === 1);
  sent.write(envelope('{"number":2}'));
  await until(t, 'the second answer', () => texts().length === 2);
  sent.end();
  await until(t, 'the end', () => response.complete);
  t.same(texts(), ['{"number":1}', '{"number":2}', '{}']);
});

t.test('what is wrong with a request of one message opens no call', async (t) => {
  const { url, upstream } = await openForeign(t, { Down: [] }, { limits: { maxMessageBytes: 1_000 } });
  const item = await bytes({ text: 'a' });
  const gzip = { 'connect-content-encoding': 'gzip' };
  const large = envelope('').fill(255, 1, 5);
  const rows: [string, Record<string, string>, Buffer | string, string, RegExp?][] = [
    ['no message', {}, '', 'unimplemented', /one/],
    ['two messages', {}, Buffer.concat([envelope(item), envelope(item)]), 'unimplemented', /one/],
    ['a message that is cut', {}, envelope(item).subarray(0, -1), 'invalid_argument', /middle/],
    ['a prefix that is cut', {}, Buffer.from([0, 0]), 'invalid_argument', /middle/],
    ['garbage after the message', {}, Buffer.concat([envelope(item), Buffer.from('x')]), 'invalid_argument'],
    ['an overlong length', {}, large, 'resource_exhausted', /max-message-bytes/],
    ['too large a message', {}, envelope(Buffer.alloc(1_001)), 'resource_exhausted'],
    ['a bomb', gzip, gzipEnvelope(Buffer.alloc(1_000_000)), 'resource_exhausted', /max-message-bytes/],
    ['bytes that are no gzip', gzip, envelope('hello', Flag.compressed), 'invalid_argument', /gzip/],
    [
      'garbage after the gzip',
      gzip,
      envelope(Buffer.concat([gzipSync(item), Buffer.alloc(2)]), Flag.compressed),
      'invalid_argument',
    ],
    ['a compressed message that is not declared', {}, gzipEnvelope(item), 'internal'],
    ['the same with identity', { 'connect-content-encoding': 'identity' }, gzipEnvelope(item), 'internal'],
    [
      'an unknown compression',
      { 'connect-content-encoding': 'foo' },
      envelope(item),
      'unimplemented',
      /gzip/,
    ],
    ['a body that is compressed', { 'content-encoding': 'gzip' }, gzipSync(envelope(item)), 'unimplemented'],
    ['the flag of an end', {}, envelope(item, Flag.end), 'internal', /flag 2/],
    ['an unknown flag', {}, envelope(item, 0x80), 'internal', /flag 128/],
    ['bytes that are no message', {}, envelope('\x0a\x05a'), 'invalid_argument'],
    ['a timeout that is none', { 'connect-timeout-ms': '-1' }, envelope(item), 'invalid_argument'],
  ];
  for (const [name, headers, body, code, message = /./] of rows) {
    const answer = await http(url + method('Down'), { headers: { ...PROTO, ...headers }, body });
    t.match(answer, { status: 200, headers: { 'content-type': 'application/connect+proto' } }, name);
    const { messages, end } = connectStream(answer.bytes);
    t.equal(messages.length, 0);
    t.match(
      end,
      { error: { code, message, details: undefined }, metadata: { 'sluice-reason': [/^[A-Z_]+$/] } },
      name,
    );
    if (code === 'unimplemented' && headers['connect-content-encoding'] !== undefined)
      t.match(answer.headers['connect-accept-encoding'], /gzip/);
  }
  t.equal(upstream.calls(method('Down')).length, 0);
});

t.test('a bad message in a stream ends the call, and those before it have reached the service', async (t) => {
  const { url, upstream } = await openForeign(t, { Up: [{ in: 'end' }, { out: await bytes({}) }] });
  const item = await bytes({ text: 'a' });
  const body = Buffer.concat([envelope(item), envelope('\x0a\x05a')]);
  const { end } = connectStream((await http(url + method('Up'), { headers: PROTO, body })).bytes);
  t.match(end, { error: { code: 'invalid_argument' } });
  const call = await upstream.call(method('Up'));
  await call.over;
  t.ok(call.cancelled);
  t.notOk(call.halfClosed);
});

t.test('frames may be cut anywhere', async (t) => {
  const { url, upstream } = await openForeign(t, { Up: [{ in: 'end' }, { out: await bytes({}) }] });
  const texts = ['', 'a', 'b'.repeat(200), 'c'.repeat(20_000)];
  const items = await Promise.all(texts.map((text) => bytes({ text })));
  let calls = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(texts.length - 1), fc.boolean()), { maxLength: 6 }),
      fc.array(fc.nat(30_000), { maxLength: 8 }),
      async (picks, cuts) => {
        const body = Buffer.concat(
          picks.map(([at, isGzip]) => (isGzip ? gzipEnvelope : envelope)(items[at] as Uint8Array)),
        );
        const headers = { ...PROTO, 'connect-content-encoding': 'gzip' };
        const sent = send(url + method('Up'), { method: 'POST', headers });
        let from = 0;
        for (const cut of cuts.filter((at) => at < body.length).sort((a, b) => a - b)) {
          sent.write(body.subarray(from, cut));
          from = cut;
          await new Promise((resolve) => setImmediate(resolve));
        }
        sent.end(body.subarray(from));
        const response = await head(sent);
        response.resume();
        const call = await upstream.call(method('Up'), calls);
        calls += 1;
        await call.over;
        await until(t, 'the end', () => response.complete);
        const expected = picks.map(([at]) => Buffer.from(items[at] as Uint8Array).toString('hex'));
        return call.received.map((one) => Buffer.from(one).toString('hex')).join() === expected.join();
      },
    ),
    { numRuns: 60 },
  );
});

t.test('the services of the gateway itself', async (t) => {
  const { url } = await openForeign(t, {});
  const headers = { ...JSON_TYPE, 'content-type': 'application/json' };
  const health = await http(`${url}/grpc.health.v1.Health/Check`, { headers, body: '{}' });
  t.match(health, { status: 200, text: '{"status":"SERVING"}' });
  const answer = await http(`${url}/grpc.reflection.v1.ServerReflection/ServerReflectionInfo`, {
    headers: JSON_TYPE,
    body: envelope('{"listServices":""}'),
  });
  const { messages, end } = connectStream(answer.bytes);
  t.match(String(messages[0]), /"foreign\.v1\.Foreign"/);
  t.same(end, {});
});

t.test('draining ends a stream with unavailable', async (t) => {
  const { url, gateway } = await openForeign(
    t,
    { Down: [{ in: 'end' }, { out: await bytes({}) }, { wait: new Promise(() => {}) }] },
    { graceMs: 200 },
  );
  const { response } = await open(url + method('Down'), {
    method: 'POST',
    headers: PROTO,
    body: envelope(''),
  });
  let body = Buffer.alloc(0);
  response.on('data', (chunk: Buffer) => {
    body = Buffer.concat([body, chunk]);
  });
  await until(t, 'the message', () => body.length > 0);
  await gateway.close();
  await until(t, 'the end', () => response.complete);
  t.match(connectStream(body).end, { error: { code: 'unavailable' } });
});
