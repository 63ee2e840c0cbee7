import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The files that take longest, by `.ci/dearest.mjs` of a whole run. */
export function longest() {
  const list = readFileSync(new URL('./longest-first.txt', import.meta.url), 'utf8');
  return list.split('\n').filter(Boolean);
}

/** All test files, the longest first: a long one that begins last would run alone at the end. The others follow by name. */
export function testsInOrder(root) {
  const first = longest();
  const place = (file) => (first.includes(file) ? first.indexOf(file) : first.length);
  return readdirSync(join(root, 'test'), { recursive: true })
    .map((file) => `test/${file.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.test.ts'))
    .sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
}
