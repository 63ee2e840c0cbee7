import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { head, http, send, settled, until } from '../../../support/http.js';
import { openOwnService } from '../../../support/own-service.js';

const PROTO = `
  message M { string text = 1; int32 number = 2; }
  message File { string name = 1; bytes data = 2; }
  service S {
    rpc Ask(M) returns (M) { option (google.api.http) = { post: "/ask" body: "*" }; }
    rpc Many(stream M) returns (M) { option (google.api.http) = { post: "/many" body: "*" }; }
    rpc Up(stream File) returns (M) { option (google.api.http) = { put: "/up/{name}" body: "data" }; option (sluice.v1.file) = { data: "data" }; }
    rpc Put(File) returns (M) { option (google.api.http) = { put: "/put/{name}" body: "data" }; option (sluice.v1.file) = { data: "data" }; }
  }`;
const LIMIT = 100_000;
const GZIP = { 'content-encoding': 'gzip' };
const JSON_GZIP = { ...GZIP, 'content-type': 'application/json' };
const NDJSON_GZIP = { ...GZIP, 'content-type': 'application/x-ndjson' };

function openService(t: Test) {
  return openOwnService(
    t,
    PROTO,
    (encode) => {
      const answer = [{ in: 'end' as const }, { out: encode('M', { text: 'ok' }) }];
      return { Ask: answer, Many: answer, Up: answer, Put: answer };
    },
    { limits: { maxMessageBytes: LIMIT } },
  );
}

t.test('JSON, lines and files arrive as they were before they were compressed', async (t) => {
  const own = await openService(t);
  const asked = await http(`${own.url}/ask`, { headers: JSON_GZIP, body: gzipSync('{"text":"hi"}') });
  t.equal(asked.status, 200, asked.text);
  t.same(own.decode('M', (await own.upstream.call('/t.S/Ask')).received[0]), { text: 'hi' });

  const lines = Array.from({ length: 5_000 }, (_, number) => `{"number":${number}}\n`);
  // In two members, which are one body.
  const body = Buffer.concat(
    [lines.slice(0, 1_000), lines.slice(1_000)].map((part) => gzipSync(part.join(''))),
  );
  const many = await http(`${own.url}/many`, {
    headers: { ...NDJSON_GZIP, 'content-encoding': 'X-GZip' },
    body,
  });
  t.equal(many.status, 200, many.text);
  const { received } = await own.upstream.call('/t.S/Many');
  t.equal(received.length, lines.length);
  t.same(own.decode('M', received.at(-1)), { number: 4_999 });

  const file = Buffer.concat([randomBytes(150_000), Buffer.alloc(300_000)]);
  const up = await http(`${own.url}/up/a`, { method: 'PUT', headers: GZIP, body: gzipSync(file) });
  t.equal(up.status, 200, up.text);
  const messages = (await own.upstream.call('/t.S/Up')).received.map(
    (message) => own.decode('File', message) as { data?: string; name?: string },
  );
  t.ok(Buffer.concat(messages.map(({ data = '' }) => Buffer.from(data, 'base64'))).equals(file));
  t.equal(messages[0]?.name, 'a');

  const put = await http(`${own.url}/put/b`, { method: 'PUT', headers: GZIP, body: gzipSync('content') });
  t.equal(put.status, 200, put.text);
  t.same(own.decode('File', (await own.upstream.call('/t.S/Put')).received[0]), {
    name: 'b',
    data: 'Y29udGVudA==',
  });
  const empty = await http(`${own.url}/ask`, { headers: JSON_GZIP, body: '' });
  t.equal(empty.status, 200, 'nothing is an empty message, in any encoding');
});

t.test(
  'what is no gzip, not whole, or more than that is 400, and nothing of it reaches the service',
  async (t) => {
    const own = await openService(t);
    const whole = gzipSync(`{"text":"${randomBytes(3_000).toString('hex')}"}`);
    const broken = Buffer.from(whole);
    broken.writeUInt32LE(0, whole.length - 8);
    const bodies: [name: string, body: Buffer | string][] = [
      ['plain text', '{"text":"hi"}'],
      ['half of it', whole.subarray(0, 1_000)],
      ['without its last byte', whole.subarray(0, -1)],
      ['only its head', whole.subarray(0, 10)],
      ['one byte', whole.subarray(0, 1)],
      ['another checksum', broken],
      ['text behind it', Buffer.concat([whole, Buffer.from('x')])],
      ['a zero behind it', Buffer.concat([whole, Buffer.alloc(1)])],
      ['half a second one behind it', Buffer.concat([whole, whole.subarray(0, 500)])],
    ];
    for (const [name, body] of bodies) {
      for (const [path, method, headers] of [
        ['/ask', 'POST', JSON_GZIP],
        ['/many', 'POST', NDJSON_GZIP],
        ['/up/a', 'PUT', GZIP],
        ['/put/a', 'PUT', GZIP],
      ] as const) {
        const answer = await http(`${own.url}${path}`, { method, headers, body });
        t.equal(answer.status, 400, `${name} ${path}: ${answer.text}`);
        t.match(answer.text, /INVALID_MESSAGE/, name);
      }
    }
    t.equal(own.upstream.calls('/t.S/Ask').length + own.upstream.calls('/t.S/Put').length, 0);
    await until(t, 'calls of streams are cancelled', () =>
      ['/t.S/Many', '/t.S/Up'].every((name) => own.upstream.calls(name).every(({ cancelled }) => cancelled)),
    );
  },
);

t.test('garbage in a later piece is refused too', async (t) => {
  const own = await openService(t);
  for (const more of ['x', '\0', gzipSync('{}').subarray(0, 5)]) {
    const request = send(`${own.url}/many`, { method: 'POST', headers: NDJSON_GZIP });
    const before = own.upstream.calls('/t.S/Many').length;
    request.write(gzipSync('{"text":"first"}\n'));
    const call = await own.upstream.call('/t.S/Many', before);
    await until(t, 'the first piece to arrive', () => call.received.length > 0);
    request.end(more);
    const response = await head(request);
    t.equal(response.statusCode, 400);
    response.resume();
    await until(t, 'the call to be cancelled', () => call.cancelled);
  }
});

t.test('the limit is about what comes out, and a bomb costs little', async (t) => {
  const own = await openService(t);
  const large = (bytes: number) => gzipSync(`{"text":"${'x'.repeat(bytes)}"}`);
  const fits = await http(`${own.url}/ask`, { headers: JSON_GZIP, body: large(LIMIT - 100) });
  t.equal(fits.status, 200, fits.text);
  const over = await http(`${own.url}/ask`, { headers: JSON_GZIP, body: large(LIMIT + 1) });
  t.equal(over.status, 413);
  t.match(over.text, /MESSAGE_TOO_LARGE/);
  const line = await http(`${own.url}/many`, { headers: NDJSON_GZIP, body: large(LIMIT + 1) });
  t.equal(line.status, 413);
  // A gigabyte each, of a megabyte.
  const member = gzipSync(Buffer.alloc(64 * 1024 * 1024, '\n'));
  const bomb = Buffer.concat(Array.from({ length: 16 }, () => member));
  t.ok(bomb.length < 2 * 1024 * 1024);
  const before = process.memoryUsage().rss;
  for (const [path, method, headers] of [
    ['/many', 'POST', NDJSON_GZIP],
    ['/up/a', 'PUT', GZIP],
  ] as const) {
    const answer = await http(`${own.url}${path}`, { method, headers, body: bomb }).catch(() => undefined);
    if (answer !== undefined) {
      t.equal(answer.status, 413, answer.text);
      t.match(answer.text, /100 times/);
    }
  }
  t.ok(process.memoryUsage().rss - before < 200 * 1024 * 1024);
});

t.test('a service that does not read stops the client, and inflates no further', async (t) => {
  const own = await openOwnService(t, PROTO, (encode) => ({
    Many: [{ in: 1 }, { wait: gate }, { in: 'end' }, { out: encode('M', {}) }],
  }));
  const text = randomBytes(400).toString('hex');
  const count = 40_000;
  const body = gzipSync(
    `{"text":"${text}"}\n{"text":"${randomBytes(400).toString('hex')}"}\n`.repeat(count / 2),
  );
  const request = send(`${own.url}/many`, { method: 'POST', headers: NDJSON_GZIP });
  const answered = head(request);
  request.end(body);
  const call = await own.upstream.call('/t.S/Many');
  const received = await settled(() => call.received.length);
  t.ok(received < count / 4, `${received} of ${count} messages were sent to a service that does not read`);
  openGate();
  const response = await answered;
  t.equal(response.statusCode, 413, 'so much from so little is refused in the end');
  response.resume();
});

let openGate = () => {};
const gate = new Promise<void>((resolve) => {
  openGate = resolve;
});
