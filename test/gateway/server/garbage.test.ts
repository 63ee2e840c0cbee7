import t, { type Test } from 'tap';
import { bytes, type Foreign, method, openForeign } from '../../support/foreign.js';
import { until } from '../../support/http.js';
import { post, raw } from '../../support/raw-client.js';

/*
 * What is no HTTP on a connection that has something under way: there is one head for each answer and none inside a body, the
 * connection ends, and so does the call.
 */

const never = new Promise<never>(() => {});
const upgrade =
  'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

const get = (path: string, accept: string, version = '1.1') =>
  `GET ${path} HTTP/${version}\r\nhost: localhost\r\naccept: ${accept}\r\n\r\n`;
const chunkedBody = `transfer-encoding: chunked\r\n\r\n3\r\n{}\n\r\n`;

/** Requests whose answer is under way: how they begin, and by what the client knows that the answer does. */
const RUNNING = {
  sse: { begin: get(method('Down'), 'text/event-stream'), sign: /^: stream/m },
  ndjson: { begin: get(method('Down'), 'application/x-ndjson'), sign: /"number":1/ },
  array: { begin: get(method('Down'), 'application/json'), sign: /"number":1/ },
  download: { begin: get('/foreign/files/a', '*/*'), sign: /abc/ },
  'HTTP/1.0': { begin: get(method('Down'), 'application/x-ndjson', '1.0'), sign: /"number":1/ },
  'bidi with an open body': {
    begin: post(method('Both'), 'application/x-ndjson') + chunkedBody,
    sign: /\{\}\n/,
    isInBody: true,
  },
} as const;

/** What comes in place of a request, or of the next chunk. */
const GARBAGE = {
  'no HTTP': '\x16\x03\x01 hello\r\n\r\n',
  'two lengths': 'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
  'a head that is too large': `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`,
  'HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'an upgrade to a WebSocket': `GET ${method('Down')} HTTP/1.1\r\nhost: localhost\r\n${upgrade}\r\n`,
  'an upgrade to HTTP/2': `GET ${method('Down')} HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n`,
  CONNECT: 'CONNECT x:443 HTTP/1.1\r\nhost: localhost\r\n\r\n',
  'half a head': 'GET / HTTP/1.1\r\nhost: ',
} as const;

async function openStreams(t: Test): Promise<Foreign> {
  const down = [{ in: 'end' as const }, { out: await bytes({ number: 1 }) }, { wait: never }];
  const content = Buffer.from('abc').toString('base64');
  return await openForeign(
    t,
    {
      Down: down,
      Fetch: [{ in: 'end' }, { out: await bytes({ content }, 'Piece') }, { wait: never }],
      Both: [{ echo: true }],
      Ask: [{ wait: never }],
      Up: [{ in: 'end' }],
    },
    // Half a head is late then.
    { limits: { requestHeadMs: 300 } },
  );
}

function heads(answer: string): string[] {
  return answer.match(/HTTP\/1\.[01] \d{3}/g) ?? [];
}

t.test(
  'nothing is written into a running answer: the connection is cut, and the call cancelled',
  async (t) => {
    const { url, gateway } = await openStreams(t);
    for (const [running, { begin, sign, ...more }] of Object.entries(RUNNING)) {
      for (const [name, garbage] of Object.entries(GARBAGE)) {
        const client = await raw(t, url, begin);
        await until(t, `the answer: ${running}`, () => sign.test(client.answer));
        if ('isInBody' in more && name === 'half a head') continue;
        client.socket.write(garbage, 'latin1');
        await client.closed;
        t.same(heads(client.answer), ['HTTP/1.1 200'], `${running}, then ${name}`);
        t.notMatch(client.answer, /\r\n0\r\n\r\n/, 'a cut body is not whole');
        await until(t, 'the call to end', () => gateway.openExchanges === 0);
      }
    }
  },
);

t.test('nor in front of an answer that is still to come', async (t) => {
  const { url, gateway, upstream } = await openStreams(t);
  let calls = 0;
  for (const [name, garbage] of Object.entries(GARBAGE)) {
    const body = '{}';
    const ask = `${post(method('Ask'), 'application/json')}content-length: ${body.length}\r\n\r\n${body}`;
    const client = await raw(t, url, ask);
    await upstream.call(method('Ask'), calls);
    calls += 1;
    client.socket.write(garbage, 'latin1');
    await client.closed;
    t.same(heads(client.answer), [], name);
    await until(t, 'the call to end', () => gateway.openExchanges === 0);
  }
});

t.test('a request whose own body is no HTTP is answered, once', async (t) => {
  const { url, gateway } = await openStreams(t);
  const client = await raw(t, url, `${post(method('Up'), 'application/x-ndjson')}${chunkedBody}no size\r\n`);
  await client.closed;
  t.same(heads(client.answer), ['HTTP/1.1 400']);
  t.match(client.answer, /HPE_INVALID_CHUNK_SIZE/);
  await until(t, 'the call to end', () => gateway.openExchanges === 0);
});

t.test('garbage on a quiet connection is answered, behind the answer before it', async (t) => {
  const { url } = await openStreams(t);
  const client = await raw(t, url, 'GET /none HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await until(t, 'the first answer', () => /NOT_FOUND/.test(client.answer));
  client.socket.write(GARBAGE['no HTTP'], 'latin1');
  await client.closed;
  t.same(heads(client.answer), ['HTTP/1.1 404', 'HTTP/1.1 400']);
});

t.test("garbage behind an upgrade is the WebSocket's business, or nobody's", async (t) => {
  const { url, gateway } = await openStreams(t);
  for (const [path, head] of [
    [method('Down'), 'HTTP/1.1 101'],
    ['/_sluice/session', 'HTTP/1.1 400'],
    ['/none', 'HTTP/1.1 404'],
  ] as const) {
    for (const [name, garbage] of Object.entries(GARBAGE)) {
      const client = await raw(t, url, `GET ${path} HTTP/1.1\r\nhost: localhost\r\n${upgrade}\r\n`);
      if (name !== 'no HTTP') await until(t, 'the head', () => client.answer !== '');
      client.socket.write(garbage, 'latin1');
      client.socket.end();
      await client.closed;
      t.same(heads(client.answer), [head], `${path}, then ${name}`);
      await until(t, 'the call to end', () => gateway.openExchanges === 0);
    }
  }
});
