import { readFileSync } from 'node:fs';
import t from 'tap';
import { FILE_SECTIONS, GATEWAY_COMMAND } from '../../bin/options/index.js';
import { parseConfigFile } from '../../gateway/index.js';
import { flagOf } from '../../gateway/options/index.js';
import { optionDocuments } from '../../scripts/option-documents.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

t.test('the documents have every option as the table of options has it, and no other', async (t) => {
  for (const [path, text] of await optionDocuments(read)) {
    t.equal(read(path), text, `${path} is not what "npm run generate" writes`);
  }
});

t.test('the tables of the documents name each option once, with default and unit', async (t) => {
  const rows: string[] = read('docs/configuration.md').match(/^\| `--[^|]*\|[^|]*\|/gm) ?? [];
  const own = Object.keys(GATEWAY_COMMAND).map((name) => `\`--${flagOf(name)}\``);
  const named = rows.map((row) => row.split(' ')[1] as string);
  for (const flag of own) t.ok(named.includes(flag), flag);
  t.equal(named.length, own.length + 3, 'and three of the core, one of them its own --listen');
  t.ok(rows.includes('| `--heartbeat-ms` | 15000 ms |'));
  t.ok(rows.includes('| `--max-message-bytes` | 4194304 bytes (4 MiB) |'));
});

t.test('a flag that a document names exists', async (t) => {
  const known = new Set(
    [...Object.keys(GATEWAY_COMMAND), 'coreListen', 'dataDir', 'dataIntervalMs'].map(flagOf),
  );
  for (const path of ['README.md', 'docs/configuration.md', 'docs/bounds.md', 'gateway/PROTOCOL.md']) {
    // Commands of others stand in code blocks and beside their names.
    for (const [, flag] of read(path).matchAll(/`--([a-z][a-z-]+)/g)) {
      t.ok(known.has(flag as string), `${path}: --${flag}`);
    }
  }
});

t.test('the sample files of the documents are right', async (t) => {
  const samples = read('docs/configuration.md')
    .split('\n\n')
    .filter((block) => /^ {4}(?:# yaml|methods:|gateway:|limits:|core:)/.test(block))
    .map((block) => block.replace(/^ {4}/gm, ''));
  t.ok(samples.length >= 2);
  for (const text of samples) {
    await t.resolves(parseConfigFile(text, 'sample.yaml', FILE_SECTIONS), text);
  }
});
