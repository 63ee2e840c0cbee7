import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { bytes, type Foreign, method, openForeign } from '../../support/foreign.js';
import { frame } from '../../support/grpc-frames.js';
import { type HttpOptions, http } from '../../support/http.js';
import { headOrError, sendFrom } from '../../support/local-client.js';
import { openSession } from '../../support/session.js';
import { connect } from '../../support/websocket.js';

t.setTimeout(60_000);

const MOST = 100_000;
const FILE = '/foreign/files/a';

async function openStore(t: Test, uploadBytes = MOST): Promise<Foreign> {
  const item = await bytes({ number: 1 });
  const whole = [{ in: 'end' }, { out: item }] as const;
  return await openForeign(t, { Store: whole, Up: whole }, { limits: { uploadBytes } });
}

/** A message of Store, with its own few bytes around the data. */
const piece = async (size: number) =>
  await bytes({ content: Buffer.alloc(size).toString('base64') }, 'Piece');

const JSON_PIECE = JSON.stringify({ content: Buffer.alloc(50_000).toString('base64') });

/** Each sends about so many pieces of 50,000 bytes. */
const WAYS: Readonly<Record<string, (pieces: number) => Promise<{ path: string } & HttpOptions>>> = {
  'bytes with a length': async (pieces) => ({
    path: FILE,
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream' },
    body: Buffer.alloc(pieces * 50_000),
  }),
  'bytes in gzip': async (pieces) => ({
    path: FILE,
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream', 'content-encoding': 'gzip' },
    body: gzipSync(Buffer.alloc(pieces * 50_000)),
  }),
  ndjson: async (pieces) => ({
    path: method('Store'),
    headers: { 'content-type': 'application/x-ndjson' },
    body: `${JSON_PIECE}\n`.repeat(pieces),
  }),
  'gRPC-Web': async (pieces) => ({
    path: method('Store'),
    headers: { 'content-type': 'application/grpc-web' },
    body: Buffer.concat(Array(pieces).fill(frame(await piece(49_900)))),
  }),
  Connect: async (pieces) => ({
    path: method('Store'),
    headers: { 'content-type': 'application/connect+proto' },
    body: Buffer.concat(Array(pieces).fill(frame(await piece(49_900)))),
  }),
};

t.test('an upload of the largest size is taken, and a larger one is refused, on every surface', async (t) => {
  const foreign = await openStore(t);
  const send = async (name: string, pieces: number) => {
    const { path, ...options } = (await WAYS[name]?.(pieces)) ?? { path: '' };
    return await http(foreign.url + path, options);
  };
  for (const [name, most] of [
    ['bytes with a length', 2],
    ['bytes in gzip', 2],
    ['ndjson', 1],
    ['gRPC-Web', 2],
    ['Connect', 2],
  ] as const) {
    const taken = await send(name, most);
    t.match(taken, { status: 200 }, name);
    t.notMatch(taken.text, /UPLOAD_TOO_LARGE|resource_exhausted/);
    const refused = await send(name, 3);
    const isRpc = name === 'gRPC-Web' || name === 'Connect';
    t.equal(refused.status, isRpc ? 200 : 413, name);
    const told = `${JSON.stringify(refused.headers)} ${refused.text}`;
    t.match(told, /UPLOAD_TOO_LARGE/, name);
    t.match(told, /the upload is larger than 100000 bytes: see --upload-bytes/, name);
  }
  const { text } = await http(`${foreign.gateway.adminUrl}/metrics`);
  t.match(text, /sluice_limit_refusals_total\{limit="upload_bytes"\} 5$/m);
});

t.test('one that announces too much is refused before anything of it is read', async (t) => {
  const foreign = await openStore(t);
  const sent = sendFrom('127.0.0.1', foreign.url + FILE, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(MOST + 1) },
  });
  sent.flushHeaders();
  const head = await headOrError(sent);
  t.match(head, { statusCode: 413, headers: { 'sluice-reason': 'UPLOAD_TOO_LARGE' } });
  t.same(foreign.upstream.calls(method('Store')), [], 'the service hears nothing of it');
  sent.destroy();
});

t.test(
  'one in chunks is refused as soon as it is too much, to the byte, and its call is cancelled',
  async (t) => {
    const foreign = await openStore(t);
    const put = async (...sizes: number[]) => {
      const sent = sendFrom('127.0.0.1', foreign.url + FILE, {
        method: 'PUT',
        headers: { 'content-type': 'application/octet-stream' },
      });
      for (const size of sizes) sent.write(Buffer.alloc(size));
      return { sent, head: headOrError(sent) };
    };
    const whole = await put(MOST - 1, 1);
    whole.sent.end();
    t.match(await whole.head, { statusCode: 200 });
    const endless = await put(MOST, 1);
    t.match(await endless.head, { statusCode: 413 }, 'although the client goes on');
    endless.sent.destroy();
  },
);

t.test('in sessions and on WebSockets the call ends alone', async (t) => {
  const foreign = await openStore(t);
  const session = await openSession(foreign.wsUrl, 'sluice.v1.json');
  await session.send({ open: { id: 1, method: 'foreign.v1.Foreign/Store', credit: 1 } });
  await session.of(1);
  for (let n = 0; n < 3; n++) await session.send({ message: { id: 1, data: JSON.parse(JSON_PIECE) } });
  const end = (await session.all(1)).at(-1);
  t.match(end, { end: { status: { code: 8, message: /larger than 100000 bytes/ } } });
  t.match(JSON.stringify(end), /UPLOAD_TOO_LARGE/);
  const plain = await connect(foreign.wsUrl + method('Store'));
  for (let n = 0; n < 3; n++) plain.socket.send(JSON_PIECE);
  t.match(await plain.closed, { code: 4008, reason: /larger than 100000 bytes/ });
});

t.test('a call that takes no file has no such limit, and 0 switches it off', async (t) => {
  const lines = `${JSON.stringify({ text: 'x'.repeat(1_000) })}\n`.repeat(500);
  const headers = { 'content-type': 'application/x-ndjson' };
  const { url } = await openStore(t);
  t.match(await http(url + method('Up'), { headers, body: lines }), { status: 200 });
  const free = await openStore(t, 0);
  const file = { method: 'PUT', headers: { 'content-type': 'application/octet-stream' } };
  t.match(await http(free.url + FILE, { ...file, body: Buffer.alloc(3 * MOST) }), { status: 200 });
});
