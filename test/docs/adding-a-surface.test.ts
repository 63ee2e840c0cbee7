import { readFileSync } from 'node:fs';
import t from 'tap';

const root = new URL('../../', import.meta.url);
const document = readFileSync(new URL('docs/adding-a-surface.md', root), 'utf8');

t.test('every block of code stands in the file that it names', async (t) => {
  const blocks = [...document.matchAll(/^```ts\n\/\/ (\S+)\n([^`]*)```$/gm)];
  t.equal(blocks.length, document.split('```ts').length - 1, 'every block names its file');
  for (const [, path = '', code = ''] of blocks) {
    t.ok(readFileSync(new URL(path, root), 'utf8').includes(code), path);
  }
});

t.test('every file that is named is there', async (t) => {
  const places = ['', 'gateway/surfaces/', 'gateway/surfaces/http/', 'test/gateway/matrix/', 'docs/'];
  const names = [...document.matchAll(/`([\w./-]+\.(?:ts|md|mjs))`/g)].map(([, name = '']) => name);
  t.ok(names.length > 10);
  for (const name of new Set(names)) {
    const isThere = places.some((place) => {
      try {
        readFileSync(new URL(place + name, root));
        return true;
      } catch {
        return false;
      }
    });
    t.ok(isThere, name);
  }
});
