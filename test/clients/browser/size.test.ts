import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import t, { type Test } from 'tap';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
// The scripts of the repository are JavaScript without types.
const { bundleClient } = (await import(
  new URL('../../../scripts/bundle-client.mjs', import.meta.url).href
)) as {
  bundleClient(root: string, out: string): Promise<void>;
};

/** What a page may load of this client, in bytes after gzip. clients/browser/README.md names them. */
const WHOLE_BYTES = 14_336;
const HTTP_ONLY_BYTES = 4_096;

/** The file that `npm run build` makes of the sources as they are now. */
async function builtClient(t: Test): Promise<string> {
  const out = t.testdir();
  mkdirSync(join(out, 'clients/browser'), { recursive: true });
  await bundleClient(ROOT, out);
  return join(out, 'clients/browser/index.js');
}

t.test('the whole client is small', async (t) => {
  const script = readFileSync(await builtClient(t));
  const size = gzipSync(script, { level: 9 }).length;
  t.comment(`${script.length} bytes, ${size} after gzip`);
  t.ok(size > WHOLE_BYTES / 2 && size <= WHOLE_BYTES, `${size} bytes`);
});

t.test('an application that only makes calls over HTTP has no more than those', async (t) => {
  const file = await builtClient(t);
  const contents = `import { createHttpClient } from ${JSON.stringify(file)}; globalThis.client = createHttpClient();`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: ROOT },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  });
  const script = outputFiles[0]?.contents ?? new Uint8Array();
  const size = gzipSync(script, { level: 9 }).length;
  t.comment(`${script.length} bytes, ${size} after gzip`);
  t.notMatch(Buffer.from(script).toString(), /WebSocket/);
  t.ok(size > HTTP_ONLY_BYTES / 2 && size <= HTTP_ONLY_BYTES, `${size} bytes`);
});

t.test('loading the client does nothing', async (t) => {
  const before = Object.getOwnPropertyNames(globalThis).sort();
  const client = (await import(await builtClient(t))) as Record<string, unknown>;
  t.same(Object.keys(client).sort(), [
    'Code',
    'SluiceError',
    'createClient',
    'createHttpClient',
    'createSseParser',
  ]);
  t.same(Object.getOwnPropertyNames(globalThis).sort(), before);
});
