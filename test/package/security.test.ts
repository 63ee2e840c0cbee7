import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { repositoryFile } from '../support/fresh-copy.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const text = repositoryFile('SECURITY.md');

/** The rows of the table under a heading, without its head. */
function rowsOf(heading: string): string[][] {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

t.test('each threat has an asset, an attacker, a defence, and tests that are there and run', (t) => {
  const rows = rowsOf('Threats');
  t.ok(rows.length >= 15);
  for (const row of rows) {
    const [asset = '', attacker = '', defence = '', tests = ''] = row;
    t.equal(row.length, 4, asset);
    for (const cell of [asset, attacker, defence]) t.not(cell, '', row.join(' | '));
    const named = [...tests.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path);
    t.ok(
      named.some((path) => path.endsWith('.test.ts')),
      `${asset}: "npm test" runs one of ${tests}`,
    );
    for (const path of named) {
      t.match(path, /^test\/.*\.(?:test\.ts|mjs)$/);
      t.ok(existsSync(root + path), `${path} is there`);
      if (path.endsWith('.test.ts')) t.match(readFileSync(root + path, 'utf8'), /\bt\.test\(/, path);
    }
  }
  t.end();
});

t.test('who reads it learns how to report, what is fixed, who is trusted, and what is promised', (t) => {
  const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  t.same(headings, [
    'Report a fault',
    'Supported versions',
    'Who is trusted',
    'What is promised',
    'What is not promised',
    'Threats',
  ]);
  t.ok(rowsOf('Report a fault').length >= 3);
  t.ok(rowsOf('Who is trusted').length >= 4);
  t.end();
});
