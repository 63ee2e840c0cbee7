import { readFileSync } from 'node:fs';
import t from 'tap';
import {
  CALL_COMMAND,
  type CommandTable,
  DESCRIBE_COMMAND,
  FILE_SECTIONS,
  GATEWAY_COMMAND,
} from '../../bin/options/index.js';
import { parseConfigFile } from '../../gateway/index.js';
import { flagOf } from '../../gateway/options/index.js';
import { resolveTransportOptions } from '../../gateway/upstream/transport-options.js';
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
  t.equal(named.length, own.length + 6, 'and six of the core, one of them its own --listen');
  t.ok(rows.includes('| `--heartbeat-ms` | 15000 ms |'));
  t.ok(rows.includes('| `--max-message-bytes` | 4194304 bytes (4 MiB) |'));
});

t.test('a flag that a document names exists', async (t) => {
  const known = new Set(
    [
      ...Object.keys({ ...GATEWAY_COMMAND, ...DESCRIBE_COMMAND, ...CALL_COMMAND }),
      'coreListen',
      'dataDir',
      'dataIntervalMs',
      'requireIdentity',
      'identityMetadata',
      'filesPerSubject',
    ].map(flagOf),
  );
  for (const path of ['README.md', 'docs/configuration.md', 'docs/bounds.md', 'gateway/PROTOCOL.md']) {
    // Commands of others stand in code blocks and beside their names.
    for (const [, flag] of read(path).matchAll(/`--([a-z][a-z-]+)/g)) {
      t.ok(known.has(flag as string), `${path}: --${flag}`);
    }
  }
});

const UNITS: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 ** 2, s: 1_000, ms: 1, bytes: 1 };

t.test('a default that a document gives beside a flag is the one of the table', async (t) => {
  const table: CommandTable = GATEWAY_COMMAND;
  const rows = new Map(Object.entries(table).map(([name, row]) => [flagOf(name), row]));
  // `--session-calls` (100), `--max-message-bytes` (4 MiB), and cells: | `--exchanges` | 20,000 |
  const said =
    /`--([a-z-]+)`(?: \(|\s*\| )(\d[\d,]*)(?: (KiB|MiB|s|ms|bytes|calls|connections|exchanges))?(?:\)| \||,| \()/g;
  let found = 0;
  for (const path of [
    'README.md',
    'docs/bounds.md',
    'docs/configuration.md',
    'docs/core.md',
    'gateway/PROTOCOL.md',
  ]) {
    for (const [text, flag = '', digits = '', unit = ''] of read(path).matchAll(said)) {
      const row = rows.get(flag);
      // A status is no default: "| `--body-idle-ms` | 408 |".
      if (row?.type !== 'number' || (row.unit === 'ms' && unit === '')) continue;
      found += 1;
      t.equal(Number(digits.replaceAll(',', '')) * (UNITS[unit] ?? 1), row.default, `${path}: ${text}`);
    }
  }
  t.ok(found > 40, `${found} defaults`);
});

t.test('what the upstream takes by itself is what the table says', async (t) => {
  const { maxConnections, streamsPerConnection, maxMessageBytes } = resolveTransportOptions(
    { target: 'a:1' },
    0,
  );
  t.equal(maxConnections, GATEWAY_COMMAND.upstreamConnections.default);
  t.equal(streamsPerConnection, GATEWAY_COMMAND.upstreamStreams.default);
  t.equal(maxMessageBytes, GATEWAY_COMMAND.maxMessageBytes.default);
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
