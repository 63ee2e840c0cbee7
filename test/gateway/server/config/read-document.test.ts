import t from 'tap';
import { ConfigError, parseConfig } from '../../../../gateway/index.js';
import { MAX_CONFIG_LENGTH } from '../../../../gateway/server/config/read-document.js';

const fault = async (text: string): Promise<string> => {
  const reason: unknown = await parseConfig(text, 'g.yaml').catch((reason: unknown) => reason);
  return reason instanceof ConfigError ? reason.message : `no ConfigError: ${String(reason)}`;
};

t.test('deep nesting is refused before anything calls itself for each level', async (t) => {
  const levels = Array.from({ length: 500 }, (_, depth) => `${' '.repeat(depth)}a:`);
  const deep = [
    '['.repeat(20_000),
    `limits: ${'['.repeat(3_000)}${']'.repeat(3_000)}`,
    '{"a":'.repeat(5_000),
    '- '.repeat(3_000),
    '? '.repeat(3_000),
    levels.join('\n'),
  ];
  for (const text of deep) {
    t.equal(await fault(text), 'g.yaml: maps and lists are nested deeper than 64', text.slice(0, 20));
  }
});

t.test('many keys cost no more than their number', async (t) => {
  const keys = Array.from({ length: 30_000 }, (_, index) => `  k${index}: 1`).join('\n');
  const start = process.cpuUsage();
  t.match(await fault(`limits:\n${keys}`), /^g\.yaml:2:3: limits\.k0 is unknown/);
  const names = Array.from({ length: 15_000 }, (_, index) => `  "x ${index}": {}`).join('\n');
  t.match(await fault(`methods:\n${names}`), /^g\.yaml:2:3: methods\."x 0" is not .* \(and 14999 more\)$/);
  // Compared with each other, they took minutes.
  t.ok(process.cpuUsage(start).user / 1_000 < 15_000, 'in seconds');
});

t.test('what only looks as if it said something is refused', async (t) => {
  t.match(await fault('limits: !!set {exchanges}'), /^g\.yaml:1:9: Unresolved tag/);
  t.match(await fault('limits: !!omap [exchanges: 1]'), /^g\.yaml:1:9: Unresolved tag/);
  t.equal(await fault('a: 1\n"a": 2'), 'g.yaml:2:1: keys must be unique: "a"');
  t.equal(await fault('limits: {x: 1, x: 2}'), 'g.yaml:1:16: keys must be unique: "x"');
});

t.test('an error is short, however long the key or the file', async (t) => {
  const long = 'a'.repeat(300_000);
  const texts = [
    `? ${long}\n: 1`,
    `? [${long}]\n: 1`,
    `limits:\n  ? ${long}\n  : 1`,
    `methods: {? "${long}" : 1}`,
  ];
  for (const text of texts) {
    // What it may be instead is told as well, and that is as long as it is.
    const short = await fault(text.replace(long, 'a'.repeat(100)));
    t.equal(await fault(text), short, text.slice(0, 12));
    t.ok(short.length < 600, text.slice(0, 12));
  }
  t.equal(await fault(`#${'x'.repeat(MAX_CONFIG_LENGTH)}`), 'g.yaml: longer than 1048576 characters');
});
