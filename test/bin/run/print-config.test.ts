import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  CORE_COMMAND,
  type CommandTable,
  GATEWAY_COMMAND,
  readSettings,
  START_COMMAND,
} from '../../../bin/options/index.js';
import { configText } from '../../../bin/run/print-config.js';
import { sluice } from '../../support/process.js';

const COMMANDS: Readonly<Record<string, CommandTable>> = {
  gateway: GATEWAY_COMMAND,
  core: CORE_COMMAND,
  start: START_COMMAND,
};

const CONFIG = `
gateway:
  listen: ":8082"
  patchMask: false
  allowOrigin: ["https://a.example", "*"]
  upstreamTls: true
  basePath: "/a # b"
limits: { exchanges: 7, exchangesPerAddress: 5 }
core: { dataIntervalMs: 50 }
methods:
  a.B/C: { slowReader: { policy: conflate, key: "k: #" } }
http:
  rules:
    - { selector: a.B.C, get: "/x/{y=**}", additional_bindings: [{ post: "/# x", body: "*" }] }
    - selector: "*"
`;

t.test('what is printed is a configuration file that sets the same', async (t) => {
  const dir = t.testdir({ 'g.yaml': CONFIG });
  const printed = join(dir, 'printed.yaml');
  for (const [command, table] of Object.entries(COMMANDS)) {
    for (const line of [[], ['--config', join(dir, 'g.yaml'), '--grace-ms', '5']]) {
      const given = await readSettings(table, line, { SLUICE_LOG_LEVEL: 'warn' });
      const text = configText(command, given);
      writeFileSync(printed, text);
      const again = await readSettings(table, ['--config', printed], {});
      t.same({ ...again.values, config: 0 }, { ...given.values, config: 0 }, `${command} ${line.join(' ')}`);
      t.same(again.file?.config.methods, given.file?.config.methods);
      t.same(again.file?.config.http, given.file?.config.http);
      for (const [name, { place }] of Object.entries(table)) {
        if (place === undefined) continue;
        const rows = text.split('\n').filter((row) => new RegExp(`^  (# )?${place.key}: `).test(row));
        t.ok(rows.length >= 1, `${command}: ${name}`);
        const byDefault = given.origins[name]?.kind === 'default';
        t.equal(again.origins[name]?.kind === 'default', byDefault && rows[0]?.startsWith('  # '), name);
      }
    }
  }
});

t.test('each option is shown with where it comes from', async (t) => {
  const file = join(t.testdir({ 'g.yaml': CONFIG }), 'g.yaml');
  const line = ['--config', file, '--listen', ':1', '--allow-host', 'a', 'b'];
  const text = configText('gateway', await readSettings(GATEWAY_COMMAND, line, { SLUICE_EXCHANGES: '9' }));
  const rows = [
    `# config: ${file}`,
    'gateway:',
    '  listen: ":1" # flag --listen',
    '  adminListen: "127.0.0.1:9090" # default',
    '  allowHost: ["a","b"] # flag --allow-host',
    '  # upstreamAuthority: not set',
    '  exchanges: 9 # environment SLUICE_EXCHANGES',
    `  exchangesPerAddress: 5 # ${file}:8:25 limits.exchangesPerAddress`,
    `  allowOrigin: ["https://a.example","*"] # ${file}:5:3 gateway.allowOrigin`,
    `  basePath: "/a # b" # ${file}:7:3 gateway.basePath`,
    `  "a.B/C": {"slowReader":{"policy":"conflate","key":"k: #"}} # ${file}:11:3`,
  ];
  for (const row of rows) t.ok(text.split('\n').includes(row), row);
  const byDefault = configText('gateway', await readSettings(GATEWAY_COMMAND, [], {}));
  t.match(byDefault, /^ {2}# exchangesPerAddress: 400 # default, with calls on at most a quarter/m);
});

t.test('what may be a secret is not printed, wherever it comes from', async (t) => {
  const file = join(t.testdir(), 'g.yaml');
  const secret = 'authorization: Bearer geheim';
  writeFileSync(file, `gateway: { reflectionMetadata: [${JSON.stringify(secret)}, "@tokens"] }`);
  const cases: [line: string[], environment: NodeJS.ProcessEnv][] = [
    [['--reflection-metadata', secret, '@tokens'], {}],
    [[], { SLUICE_REFLECTION_METADATA: `${secret},@tokens` }],
    [['--config', file], {}],
  ];
  for (const [line, environment] of cases) {
    const text = configText('gateway', await readSettings(GATEWAY_COMMAND, line, environment));
    t.notMatch(text, /geheim|Bearer/);
    t.match(text, /^ {2}# reflectionMetadata: authorization, @tokens \(values are not shown\) # /m);
  }
});

t.test('a name with a line break begins no line of its own', async (t) => {
  const file = join(t.testdir(), 'a\nexchanges: 1\n');
  writeFileSync(file, 'gateway: { exchanges: 5 }');
  const text = configText('gateway', await readSettings(GATEWAY_COMMAND, ['--config', file], {}));
  t.notMatch(text, /^exchanges/m);
});

t.test('the command prints it, starts nothing, and still refuses what is wrong', async (t) => {
  const right = sluice(t, ['start', '--print-config', '--data-dir', join(t.testdir(), 'none')]);
  t.equal(await right.exit, 0);
  t.same(
    right.lines.filter((row) => row.endsWith(':')),
    ['gateway:', 'core:'],
  );
  t.same(right.errors, []);
  const wrong = sluice(t, ['gateway', '--print-config', '--allow-host', 'https://a'], {});
  t.equal(await wrong.exit, 2);
  t.same(wrong.lines, []);
  t.match(wrong.errors, [/^sluice gateway: --allow-host: /]);
});
