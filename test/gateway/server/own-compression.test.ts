import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import t from 'tap';
import { http } from '../../support/http.js';
import { openOwnService } from '../../support/own-service.js';

const fields = Array.from({ length: 100 }, (_, index) => `string f${index} = ${index + 1};`).join(' ');
const SERVICE = `message Q { ${fields} } service S { rpc Say(Q) returns (Q); }`;
const PATHS = ['/_sluice/openapi.json', '/_sluice/descriptors.binpb', '/_sluice/services'];

t.test('documents are encoded, each representation with an ETag of its own', async (t) => {
  const { url } = await openOwnService(t, SERVICE, () => ({}));
  for (const path of PATHS) {
    const plain = await http(url + path);
    t.ok(plain.bytes.length > 1024, path);
    t.equal(plain.headers['content-encoding'], undefined);
    t.equal(plain.headers.vary, 'Accept-Encoding');
    const tags = new Set([plain.headers.etag]);
    for (const coding of ['gzip', 'br'] as const) {
      const headers = { 'accept-encoding': coding };
      const { etag } = plain.headers;
      for (let time = 0; time < 2; time += 1) {
        const answer = await http(url + path, { headers });
        t.equal(answer.headers['content-encoding'], coding, path);
        t.equal(answer.headers['content-length'], String(answer.bytes.length));
        t.same(
          coding === 'gzip' ? gunzipSync(answer.bytes) : brotliDecompressSync(answer.bytes),
          plain.bytes,
        );
        t.equal(answer.headers.etag, etag?.replace(/"$/, `-${coding}"`));
        const head = await http(url + path, { method: 'HEAD', headers });
        t.equal(head.headers['content-encoding'], coding);
        t.equal(head.headers['content-length'], String(answer.bytes.length));
        tags.add(answer.headers.etag);
      }
      if (etag === undefined) continue;
      const known = etag.replace(/"$/, `-${coding}"`);
      const again = await http(url + path, { headers: { ...headers, 'if-none-match': known } });
      t.equal(again.status, 304);
      t.equal(again.headers.etag, known);
      t.equal(again.headers.vary, 'Accept-Encoding');
    }
    if (plain.headers.etag !== undefined) t.equal(tags.size, 3);
  }
});

t.test('the page is encoded; small files, refusals and other sites are not', async (t) => {
  // Not the folder of the test, which the schema takes.
  const pageDir = mkdtempSync(join(tmpdir(), 'sluice-page-'));
  t.teardown(() => rmSync(pageDir, { recursive: true }));
  mkdirSync(join(pageDir, 'playground'));
  writeFileSync(join(pageDir, 'playground', 'index.html'), `<p>${'x'.repeat(2_000)}</p>`);
  writeFileSync(join(pageDir, 'playground', 'a.css'), 'p {}');
  const { url } = await openOwnService(t, SERVICE, () => ({}), { pageDir });
  const headers = { 'accept-encoding': 'gzip' };
  const page = await http(`${url}/`, { headers });
  t.equal(page.headers['content-encoding'], 'gzip');
  t.equal(page.headers['content-type'], 'text/html; charset=utf-8');
  t.match(String(gunzipSync(page.bytes)), /^<p>x+<\/p>$/);
  const small = await http(`${url}/_sluice/page/playground/a.css`, { headers });
  t.equal(small.headers['content-encoding'], undefined);
  t.equal(small.text, 'p {}');
  const wrong = await http(`${url}/_sluice/openapi.json?version=9`, { headers });
  t.equal(wrong.status, 400);
  t.equal(wrong.headers['content-encoding'], undefined);
  const foreign = await http(`${url}/`, { headers: { ...headers, 'sec-fetch-site': 'cross-site' } });
  t.equal(foreign.headers['content-encoding'], undefined);
});
