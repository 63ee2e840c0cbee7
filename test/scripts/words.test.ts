import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import type ts from 'typescript';

interface Modules {
  readonly modulesBelow: (root: string, folder: string) => string[];
  readonly parsed: (root: string, path: string) => ts.SourceFile;
  readonly exportsOf: (source: ts.SourceFile) => string[];
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
// The scripts of the repository are JavaScript without types.
const { modulesBelow, parsed, exportsOf } = (await import(
  new URL('../../scripts/modules.mjs', import.meta.url).href
)) as Modules;

const HOUSES = ['gateway', 'grpc-core', 'clients', 'bin'];

/** Forbidden words that name something else where they stand, each with the reason. */
const ALLOWED: ReadonlyMap<string, string> = new Map([
  ['ResponseSink', 'the sink of an HTTP response is the one that words.md allows'],
  ['response-sink', 'the same'],
  ['request-target', 'RFC 9112 calls it so: path and query of a request line'],
  ['splitTarget', 'the same'],
]);

const text = readFileSync(new URL('../../docs/words.md', import.meta.url), 'utf8');
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('| **'))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()));

/** The words of the third column that are in backticks: those can be compared. */
const forbidden = rows.flatMap(([, , not = '']) =>
  not.includes('*texts*') ? [] : [...not.matchAll(/`([a-z]+)`/g)].map(([, word = '']) => word),
);

/** The words of a name: "SocketPatience", "socket-patience" and "SOCKET_PATIENCE" are socket and patience. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
}

t.test('the words are a table: each once, with one sentence', async (t) => {
  t.ok(rows.length > 30);
  const words = rows.flatMap(([word = '']) => word.replaceAll('**', '').split(', '));
  t.same(words, [...new Set(words)]);
  for (const [word, sentence = ''] of rows) t.match(sentence, /^[A-Z].*\.$/, String(word));
  t.ok(forbidden.includes('patience') && forbidden.includes('surroundings'));
});

t.test('no exported name and no file name has a word that another one replaces', async (t) => {
  const wrong: string[] = [];
  const used = new Set<string>();
  const judge = (name: string, where: string) => {
    const word = wordsOf(name).find((part) => forbidden.includes(part));
    if (word === undefined) return;
    if (ALLOWED.has(name)) used.add(name);
    else wrong.push(`${where}: ${name} ("${word}")`);
  };
  for (const path of HOUSES.flatMap((house) => modulesBelow(ROOT, house))) {
    judge(basename(path, '.ts'), path);
    for (const name of exportsOf(parsed(ROOT, path))) judge(name, path);
  }
  t.same(wrong, []);
  t.same(
    [...ALLOWED.keys()].filter((name) => !used.has(name)),
    [],
    'every exception is needed',
  );
});

t.test('names that explained nothing are gone', async (t) => {
  const gone =
    /^(?:surroundings|socket-patience|pauses|connection-table|journey|traveller|stretch|leg|ondry|onuntouched|_|…)$/i;
  const wrong: string[] = [];
  for (const path of HOUSES.flatMap((house) => modulesBelow(ROOT, house))) {
    if (gone.test(basename(path, '.ts'))) wrong.push(path);
    const code = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
    for (const name of code.match(/\b[A-Za-z_$][\w$]*\b/g) ?? []) {
      if (/^(?:Surroundings|Traveller|Stretch|Leg|onDry|onUntouched)$/.test(name))
        wrong.push(`${path}: ${name}`);
    }
  }
  t.same(wrong, []);
});

t.test('the architecture and the README lead to the words', async (t) => {
  for (const file of ['README.md', 'docs/architecture.md']) {
    t.match(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'), /words\.md\)/, file);
  }
});
