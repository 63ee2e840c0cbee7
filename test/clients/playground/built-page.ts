import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
// The scripts of the repository are JavaScript without types.
const { bundlePage } = (await import(
  new URL('../../../scripts/bundle-client.mjs', import.meta.url).href
)) as {
  bundlePage(root: string, out: string): Promise<void>;
};

/** A folder for `pageDir` with the page as `npm run build` makes it of the sources as they are now. */
export async function builtPage(t: Test): Promise<string> {
  const out = t.testdir();
  mkdirSync(join(out, 'clients'), { recursive: true });
  await bundlePage(ROOT, out);
  return join(out, 'clients');
}
