import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { builtPage } from './built-page.js';

/** Everything that a browser may load of the page, in bytes after gzip. */
const WHOLE_BYTES = 150 * 1024;
/** What it loads before someone looks at a chart. */
const FIRST_BYTES = 90 * 1024;

t.test('the page is small, in all and at first', async (t) => {
  const folder = join(await builtPage(t), 'playground');
  const sizes = readdirSync(folder)
    .filter((name) => !name.endsWith('.map'))
    .map((name) => ({ name, bytes: gzipSync(readFileSync(join(folder, name)), { level: 9 }).length }));
  const sum = (list: typeof sizes) => list.reduce((total, { bytes }) => total + bytes, 0);
  t.comment(sizes.map(({ name, bytes }) => `${name} ${bytes}`).join(', '));
  t.ok(sum(sizes) > FIRST_BYTES / 2 && sum(sizes) <= WHOLE_BYTES, `${sum(sizes)} bytes in all`);
  const first = sizes.filter(({ name }) => !name.startsWith('line-plot-'));
  t.ok(first.length < sizes.length, 'charts are a file of their own');
  t.ok(sum(first) <= FIRST_BYTES, `${sum(first)} bytes at first`);
});

t.test('the page runs no text as code, and nothing of it leads elsewhere', async (t) => {
  const folder = join(await builtPage(t), 'playground');
  for (const name of readdirSync(folder)) {
    if (name.endsWith('.map')) continue;
    const text = readFileSync(join(folder, name), 'utf8');
    t.notMatch(text, /\beval\(|new Function\(|innerHTML\s*=|document\.write/, name);
    const addresses = [...text.matchAll(/https?:\/\/[\w.-]+/g)].map(([found]) => found);
    t.same(
      addresses.filter((found) => !/^http:\/\/www\.w3\.org$/.test(found)),
      [],
      `${name} names no address`,
    );
  }
});
