import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import {
  CORE_COMMAND,
  type CommandOption,
  type CommandTable,
  GATEWAY_COMMAND,
  readSettings,
  START_COMMAND,
} from '../../../bin/options/index.js';
import { checkSettings } from '../../../bin/run/index.js';
import { allowedValues, flagOf, variableOf } from '../../../gateway/options/index.js';

const COMMANDS: Readonly<Record<string, CommandTable>> = {
  gateway: GATEWAY_COMMAND,
  core: CORE_COMMAND,
  start: START_COMMAND,
};

/** Texts that no number is. */
const NO_NUMBERS = [
  '-1',
  '+1',
  '1.5',
  '1e3',
  '0x10',
  'NaN',
  'Infinity',
  'soon',
  ' 5',
  '5 ',
  '1_000',
  '5ms',
  '64MiB',
  '٣',
  '99999999999999999999',
];

/** Values of which each is wrong, as texts. */
function wrongTexts(row: CommandOption): string[] {
  switch (row.type) {
    case 'number':
      return [...NO_NUMBERS, String(row.max + 1), ...(row.min > 0 ? [String(row.min - 1)] : [])];
    case 'ratio':
      return ['-0.1', '1.1', '.5', '1,5', '1e-3', '50%', 'NaN', ' 1', '0.'];
    case 'choice':
      return ['maybe', row.default.toUpperCase(), `${row.default} `];
    case 'switch':
      return ['maybe', '2', 'on'];
    default:
      return [' '];
  }
}

/** A value that is right, as a text. */
function rightText(name: string, row: CommandOption): string {
  if (row.type === 'number') return String(row.min);
  if (row.type === 'choice') return row.choices[0] as string;
  if (row.type === 'ratio') return '0.25';
  if (row.type === 'switch') return 'true';
  const texts: Readonly<Record<string, string>> = {
    basePath: '/api',
    allowOrigin: 'https://a.example',
    trustedProxies: '10.0.0.0/8',
    forwardHeader: 'x-tenant',
    reflectionMetadata: 'a=b',
  };
  return texts[name] ?? (row.value === 'HOST:PORT' ? '127.0.0.1:0' : 'a');
}

const lineOf = (name: string, text: string) => [`--${flagOf(name)}`, text];

/** The error of a command that is told something wrong: one line, exit code 2. */
async function faultOf(
  t: Test,
  table: CommandTable,
  line: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<string> {
  try {
    await checkSettings(await readSettings(table, line, environment));
  } catch (reason) {
    const { name, message } = reason as Error;
    t.match(name, /^(Usage|Settings)Error$/, `exit code 2: ${message}`);
    t.notMatch(message, /\n/, 'one line');
    return message;
  }
  return 'accepted';
}

for (const [command, table] of Object.entries(COMMANDS)) {
  t.test(`${command}: every wrong value is refused by name`, async (t) => {
    for (const [name, row] of Object.entries(table)) {
      const flag = `--${flagOf(name)}`;
      for (const text of ['', ...wrongTexts(row)]) {
        const fault = await faultOf(t, table, [`${flag}=${text}`]);
        t.ok(fault.startsWith(`${flag} must`), `${flag}=${text}: ${fault}`);
        if (row.type === 'number') t.ok(fault.includes(allowedValues(row)), fault);
        if (text === '' || row.lineOnly || row.type === 'list') continue;
        const variable = variableOf(name);
        const said = await faultOf(t, table, [], { [variable]: text });
        t.ok(said.startsWith(`${variable} must`), `${variable}=${text}: ${said}`);
      }
      if (row.type !== 'switch') {
        for (const line of [[flag], [flag, '--log-level', 'info']]) {
          t.match(await faultOf(t, table, line), `${flag} needs a value`, line.join(' '));
        }
      }
      if (row.type !== 'list') {
        const right = `${flag}=${rightText(name, row)}`;
        t.equal(await faultOf(t, table, [right, right]), `${flag} is given twice`);
      }
      const slip = `--${flagOf(name)}x`;
      t.equal(await faultOf(t, table, [slip]), `unknown option ${slip}, did you mean ${flag}?`);
    }
  });

  t.test(`${command}: every right value is taken, in the order of precedence`, async (t) => {
    for (const [name, row] of Object.entries(table)) {
      if (row.lineOnly || name === 'config') continue;
      // Most options of `start` are the gateway's.
      if (command === 'start' && name in GATEWAY_COMMAND) continue;
      const text = rightText(name, row);
      const line = row.type === 'switch' ? [`--${flagOf(name)}`] : lineOf(name, text);
      const byDefault = await readSettings(table, [], { [variableOf(name)]: '' });
      t.same(byDefault.origins[name], { kind: 'default' }, 'an empty variable counts as none');
      const byLine = await readSettings(table, line, { [variableOf(name)]: text });
      const byVariable = await readSettings(table, [], { [variableOf(name)]: text });
      t.same(byLine.values[name], byVariable.values[name], name);
      t.same(byLine.origins[name], { kind: 'flag' });
      t.match(byVariable.origins[name], { kind: 'environment', variable: variableOf(name) });
      const { place } = row;
      if (place === undefined) {
        t.fail(`${name} has no place in the file`);
        continue;
      }
      const value = byVariable.values[name];
      const file = join(t.testdir(), 'g.yaml');
      writeFileSync(file, JSON.stringify({ [place.section]: { [place.key]: value } }));
      const byFile = await readSettings(table, ['--config', file], {});
      t.same(byFile.values[name], value);
      t.match(byFile.origins[name], { kind: 'file', path: `${place.section}.${place.key}` });
      const both = await readSettings(table, ['--config', file], { [variableOf(name)]: text });
      t.match(both.origins[name], { kind: 'environment' }, 'a variable wins over the file');
    }
  });
}

t.test('a wrong value in the file is refused with its line and its path', async (t) => {
  const file = join(t.testdir(), 'g.yaml');
  for (const [name, row] of Object.entries<CommandOption>(GATEWAY_COMMAND)) {
    if (row.place === undefined) continue;
    const wrong: unknown[] = [null, {}];
    if (row.type === 'number') wrong.push('5', 1.5, row.min - 1, row.max + 1, true, [1]);
    else if (row.type === 'switch') wrong.push('true', 1, 'on');
    else if (row.type === 'list') wrong.push('a', [''], [1], [' '], [['a']]);
    else wrong.push('', 5, ['a'], ...(row.type === 'choice' ? ['maybe'] : [' ']));
    for (const value of wrong) {
      writeFileSync(file, `gateway:\n  ${name}: ${JSON.stringify(value)}\n`);
      const fault = await faultOf(t, GATEWAY_COMMAND, ['--config', file]);
      // A wrong item of a list is named itself.
      const isItem = row.type === 'list' && Array.isArray(value);
      const path = isItem ? `gateway.${name}.0 must be` : `gateway.${name} must be`;
      t.ok(fault.startsWith(`${file}:2:`), `${JSON.stringify(value)}: ${fault}`);
      t.match(fault, path, fault);
    }
  }
});

t.test('what is more than a text is checked before anything is opened, wherever it comes from', async (t) => {
  const file = join(t.testdir(), 'g.yaml');
  const cases: [name: keyof typeof GATEWAY_COMMAND, value: string][] = [
    ['listen', 'foo'],
    ['adminListen', '127.0.0.1:99999'],
    ['upstream', 'http://a:1'],
    ['upstreamAuthority', 'a/b'],
    ['basePath', 'api?'],
    ['allowOrigin', 'https://a.example/'],
    ['allowHost', 'https://app.example.com'],
    ['forwardHeader', 'Host'],
    ['trustedProxies', 'ingress'],
    ['reflectionMetadata', 'te: secret'],
  ];
  for (const [name, value] of cases) {
    const flag = `--${flagOf(name)}`;
    const list = GATEWAY_COMMAND[name].type === 'list';
    writeFileSync(file, `gateway:\n  ${name}: ${JSON.stringify(list ? [value] : value)}\n`);
    const faults = [
      [await faultOf(t, GATEWAY_COMMAND, [flag, value]), flag],
      [await faultOf(t, GATEWAY_COMMAND, [], { [variableOf(name)]: value }), variableOf(name)],
      [await faultOf(t, GATEWAY_COMMAND, ['--config', file]), `${file}:2:3: gateway.${name}`],
    ] as const;
    for (const [fault, source] of faults) t.ok(fault.startsWith(`${source}: `), fault);
    if (name === 'reflectionMetadata') t.notMatch(faults.join(' '), /secret/);
  }
});

t.test('options that do not go together are both named', async (t) => {
  const cases: [line: string[], fault: string][] = [
    [['--upstream-cert', 'c'], '--upstream-cert needs --upstream-key as well'],
    [['--upstream-key', 'k'], '--upstream-key needs --upstream-cert as well'],
    [
      ['--upstream-server-name', 'n'],
      '--upstream-server-name needs --upstream-tls or --upstream-ca or --upstream-cert as well',
    ],
    [['--proto-path', 'd'], '--proto-path needs --proto as well'],
    [['--tls-client-auth', 'request'], '--tls-client-auth needs --tls-client-ca as well'],
    [
      ['--admin-listen', ':1', '--listen', ':1'],
      '--admin-listen must not be the address of --listen as well: :1',
    ],
  ];
  for (const [line, fault] of cases) t.equal(await faultOf(t, GATEWAY_COMMAND, line), fault);
  t.equal(
    await faultOf(t, GATEWAY_COMMAND, [], { SLUICE_UPSTREAM_KEY: 'k' }),
    'SLUICE_UPSTREAM_KEY needs --upstream-cert as well',
  );
  t.equal(await faultOf(t, GATEWAY_COMMAND, ['--upstream-key', 'k', '--upstream-cert', 'c']), 'accepted');
});

t.test('what is no option is refused on one short line', async (t) => {
  const cases: [line: string[], fault: RegExp][] = [
    [['--'], /^unknown option "--"$|^unknown option --$/],
    [['-'], /^unexpected argument "-"/],
    [['-listen', ':1'], /^unknown option -listen, did you mean --listen\?$/],
    [['-x'], /^unknown option -x$/],
    [['positional'], /^unexpected argument "positional": options begin with --$/],
    [['--no-page', 'yes'], /^unexpected argument "yes"/],
    [['--a\nb'], /^unknown option --"a\\nb"$/],
    [[`--${'x'.repeat(100_000)}`], /^unknown option --x{60}\.\.\./],
    [['--heartbeat-ms', '9'.repeat(100_000)], /^--heartbeat-ms must be .{1,150}$/],
    [['--__proto__', 'x'], /^unknown option --__proto__/],
    [['--constructor', 'x'], /^unknown option --constructor$/],
  ];
  for (const [line, fault] of cases) t.match(await faultOf(t, GATEWAY_COMMAND, line), fault);
});

t.test('lists take several values, in every way that one may write them', async (t) => {
  const hosts = async (line: string[], environment = {}) =>
    (await readSettings(GATEWAY_COMMAND, line, environment)).values.allowHost;
  t.same(await hosts(['--allow-host', 'a', 'b', '--allow-host=c,d', 'e', '--no-page']), [
    'a',
    'b',
    'c',
    'd',
    'e',
  ]);
  t.same(await hosts([], { SLUICE_ALLOW_HOST: 'a, b,,c' }), ['a', 'b', 'c']);
  t.same(
    (await readSettings(GATEWAY_COMMAND, ['--reflection-metadata', 'a=1,2'], {})).values.reflectionMetadata,
    ['a=1,2'],
    'a comma may belong to a value',
  );
  t.equal(
    (await readSettings(GATEWAY_COMMAND, ['--no-page=false'], { SLUICE_NO_PAGE: '1' })).values.noPage,
    false,
  );
});
