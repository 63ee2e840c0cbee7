import * as zlib from 'node:zlib';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { CODINGS } from '../../../../gateway/surfaces/http/index.js';
import { http } from '../../../support/http.js';
import { openOwnService } from '../../../support/own-service.js';

const PROTO = `
  message M { string text = 1; int32 size = 2; }
  service S {
    rpc Large(M) returns (M) { option (google.api.http) = { get: "/large" }; }
    rpc Small(M) returns (M) { option (google.api.http) = { get: "/small" }; }
    rpc Fail(M) returns (M) { option (google.api.http) = { get: "/fail" }; }
    rpc Many(M) returns (stream M) { option (google.api.http) = { get: "/many" }; }
  }`;
const TEXT = 'abc '.repeat(5_000);

function openService(t: Test, options: Parameters<typeof openOwnService>[3] = {}) {
  return openOwnService(
    t,
    PROTO,
    (encode) => ({
      Large: [{ in: 'end' }, { out: encode('M', { text: TEXT }) }],
      Small: [{ in: 'end' }, { out: encode('M', { text: 'x' }) }],
      Fail: [{ in: 'end' }, { status: 'NOT_FOUND', message: 'y'.repeat(3_000) }],
      Many: [{ in: 'end' }, { out: encode('M', { text: TEXT }) }],
    }),
    options,
  );
}

const DECODERS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => gunzipSync(bytes),
  br: (bytes) => brotliDecompressSync(bytes),
  // The types of Node 20 do not know it.
  zstd: (bytes) =>
    (zlib as unknown as { zstdDecompressSync(bytes: Buffer): Buffer }).zstdDecompressSync(bytes),
};

t.test('a large answer is encoded as the client likes it, and says so', async (t) => {
  const { url } = await openService(t);
  const plain = await http(`${url}/large`);
  t.equal(plain.headers['content-encoding'], undefined, 'who does not ask');
  t.equal(plain.headers.vary, 'Accept-Encoding', 'it depends on that all the same');
  t.same(JSON.parse(plain.text), { text: TEXT });
  for (const [accept, coding] of [
    ['gzip', 'gzip'],
    ['br', 'br'],
    ['gzip;q=0.5, br', 'br'],
    ['gzip, deflate, br, zstd', 'gzip'],
    ['zstd', CODINGS.includes('zstd') ? 'zstd' : undefined],
  ] as const) {
    for (const method of ['GET', 'HEAD']) {
      const answer = await http(`${url}/large`, { method, headers: { 'accept-encoding': accept } });
      t.equal(answer.status, 200);
      t.equal(answer.headers['content-encoding'], coding, accept);
      t.equal(answer.headers.vary, 'Accept-Encoding');
      t.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
      if (coding === undefined) continue;
      const length = Number(answer.headers['content-length']);
      t.ok(length < 1_000, `${length}`);
      if (method === 'HEAD') continue;
      t.equal(answer.bytes.length, length);
      t.same(JSON.parse(String(DECODERS[coding]?.(answer.bytes))), { text: TEXT });
    }
  }
  const refusals: Record<string, string>[] = [
    { 'accept-encoding': 'deflate, compress' },
    { 'accept-encoding': 'gzip;q=0' },
    { 'accept-encoding': 'identity, gzip;q=0.5' },
    { 'accept-encoding': 'gzip', 'cache-control': 'no-transform' },
    { 'accept-encoding': 'gzip', 'sec-fetch-site': 'cross-site' },
  ];
  for (const headers of refusals) {
    const answer = await http(`${url}/large`, { headers });
    t.equal(answer.headers['content-encoding'], undefined, JSON.stringify(headers));
    t.same(JSON.parse(answer.text), { text: TEXT });
  }
});

t.test('small answers, failures and streams are sent as they are', async (t) => {
  const { url } = await openService(t);
  const headers = { 'accept-encoding': 'gzip, br' };
  const small = await http(`${url}/small`, { headers });
  t.equal(small.headers['content-encoding'], undefined);
  t.same(JSON.parse(small.text), { text: 'x' });
  const failed = await http(`${url}/fail`, { headers });
  t.equal(failed.status, 404);
  t.equal(failed.headers['content-encoding'], undefined);
  const stream = await http(`${url}/many`, { headers });
  t.equal(stream.headers['content-encoding'], undefined);
  t.same(JSON.parse(stream.text), { text: TEXT });
});

t.test(
  'a page that may read the answer gets it encoded, also from another site; Vary names both',
  async (t) => {
    const { url } = await openService(t, { allowOrigins: ['https://app.example.com'] });
    const headers = {
      'accept-encoding': 'br',
      'sec-fetch-site': 'cross-site',
      origin: 'https://app.example.com',
    };
    const allowed = await http(`${url}/large`, { headers });
    t.equal(allowed.headers['content-encoding'], 'br');
    t.equal(allowed.headers.vary, 'Origin, Accept-Encoding');
    t.equal(allowed.headers['access-control-allow-origin'], 'https://app.example.com');
  },
);

t.test('`off` compresses nothing', async (t) => {
  const { url } = await openService(t, { compress: 'off' });
  for (const path of ['/large', '/_sluice/openapi.json']) {
    const answer = await http(`${url}${path}`, { headers: { 'accept-encoding': 'gzip, br' } });
    t.equal(answer.headers['content-encoding'], undefined, path);
    t.equal(answer.headers.vary, undefined, path);
  }
});

t.test('many answers at once are all right, whether they are encoded or not', async (t) => {
  const { url } = await openService(t);
  const headers = { 'accept-encoding': 'gzip' };
  const answers = await Promise.all(Array.from({ length: 60 }, () => http(`${url}/large`, { headers })));
  for (const { bytes, headers } of answers) {
    const plain = headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
    t.same(JSON.parse(String(plain)), { text: TEXT });
  }
  t.ok(answers.some(({ headers }) => headers['content-encoding'] === 'gzip'));
});
