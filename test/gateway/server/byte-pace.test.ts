import { once } from 'node:events';
import t, { type Test } from 'tap';
import { bytes, type Foreign, method, openForeign } from '../../support/foreign.js';
import { frame } from '../../support/grpc-frames.js';
import { http, until } from '../../support/http.js';
import { FIRST, headOrError, httpFrom, SECOND, sendFrom } from '../../support/local-client.js';
import { openSession } from '../../support/session.js';
import { connect } from '../../support/websocket.js';

t.setTimeout(60_000);

const RATE = 200_000;
const JSON_TYPE = { 'content-type': 'application/json' };
/** Half a second more than what may come at once. */
const SIZE = 1.5 * RATE;

async function openStore(t: Test, bytesPerSecond = RATE): Promise<Foreign> {
  const item = await bytes({ number: 1 });
  const whole = [{ in: 'end' }, { out: item }] as const;
  return await openForeign(t, { Store: whole, Up: whole, Ask: whole }, { limits: { bytesPerSecond } });
}

const LINE = `${JSON.stringify({ text: 'x'.repeat(9_990) })}\n`;

const WAYS = {
  file: {
    path: '/foreign/files/a',
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream' },
    body: Buffer.alloc(SIZE),
  },
  ndjson: {
    path: method('Up'),
    headers: { 'content-type': 'application/x-ndjson' },
    body: LINE.repeat(SIZE / 10_000),
  },
  'gRPC-Web': {
    path: method('Up'),
    headers: { 'content-type': 'application/grpc-web' },
    // Each is a message without fields that anybody knows.
    body: Buffer.concat(
      Array(SIZE / 10_000).fill(
        frame(Buffer.concat([Buffer.from([0xfa, 0x07, 0x8a, 0x4e]), Buffer.alloc(9_994)])),
      ),
    ),
  },
  'a whole body': {
    path: method('Ask'),
    headers: JSON_TYPE,
    body: JSON.stringify({ text: 'x'.repeat(SIZE) }),
  },
} as const;

t.test('what comes too fast is read slowly, and nothing of it is refused', async (t) => {
  for (const name of ['file', 'ndjson', 'gRPC-Web', 'a whole body'] as const) {
    const foreign = await openStore(t);
    const { path, ...options } = WAYS[name];
    const begun = performance.now();
    t.match(await http(foreign.url + path, options), { status: 200 }, name);
    const tookMs = performance.now() - begun;
    // The last read may be one piece too many.
    t.ok(tookMs > 150, `${name} took ${tookMs} ms`);
  }
});

t.test('one client waits, and its neighbour does not', async (t) => {
  const foreign = await openStore(t, 20_000);
  const { path, ...options } = WAYS.file;
  const sent = sendFrom(FIRST, foreign.url + path, options);
  sent.end(options.body);
  await foreign.upstream.call(method('Store'));
  const slow = headOrError(sent);
  for (let n = 0; n < 5; n++) {
    t.match(await httpFrom(SECOND, foreign.url + method('Ask'), { headers: JSON_TYPE, body: '{}' }), {
      status: 200,
    });
  }
  const first = await Promise.race([slow, new Promise((resolve) => setTimeout(resolve, 50, 'waits'))]);
  t.equal(first, 'waits');
  sent.destroy();
  await until(t, 'the wait to end with its client', () => foreign.gateway.openExchanges === 0);
});

t.test('sockets are read slowly as well, and their wait ends with them', async (t) => {
  const foreign = await openStore(t, 50_000);
  const { socket } = await connect(foreign.wsUrl + method('Up'));
  const begun = performance.now();
  for (let n = 0; n < 7; n++) socket.send(LINE);
  socket.send('');
  await once(socket, 'close');
  t.ok(performance.now() - begun > 100, 'the half-close was read late');
  const session = await openSession(foreign.wsUrl);
  await session.send({ open: { id: 1, method: 'foreign.v1.Foreign/Up', credit: 1 } });
  for (let n = 0; n < 20; n++) session.test.socket.send(' '.repeat(9_000));
  await quietMs(20);
  session.test.socket.terminate();
  await until(t, 'nothing to be open', () => foreign.gateway.openExchanges === 0);
});

const quietMs = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
