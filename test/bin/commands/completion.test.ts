import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { COMPLETION_SCRIPTS } from '../../../bin/commands/completion-scripts.js';
import { type Completion, completionOf, type KnownNames } from '../../../bin/commands/completion-words.js';
import { COMMANDS } from '../../../bin/commands/index.js';
import { SHELLS } from '../../../bin/options/index.js';
import { openGateway } from '../../../gateway/index.js';
import { openCore } from '../../../grpc-core/index.js';
import { closeInTeardown } from '../../support/given-back.js';
import { COMMAND } from '../../support/process.js';

const METHODS = ['pkg.Svc/GetOne', 'pkg.Svc/GetAll', 'other.Svc/Put'];

t.test('a word becomes a command, a flag, a value, a method or a field', async (t) => {
  const asked: (readonly string[])[] = [];
  const names: KnownNames = {
    async methods(line) {
      asked.push(line);
      return METHODS;
    },
    fields: async (_line, method) => (method === 'pkg.Svc/GetOne' ? ['symbol', 'since'] : []),
  };
  const commands = Object.fromEntries(
    Object.entries(COMMANDS).map(([name, { table }]) => [
      name,
      name === 'call' ? { table, takes: 'method' as const } : { table },
    ]),
  );
  const words = (...list: string[]): Completion => ({ words: list, files: false });
  const files: Completion = { words: [], files: true };
  const cases: [line: string[], completion: Completion][] = [
    [['ca'], words('call')],
    [['co'], words('core', 'completion')],
    [['help', 'cal'], words('call')],
    [['nothing', 'x'], words()],
    [['call', '--for'], words('--format')],
    [['call', '--tok'], words('--token-file')],
    [['call', '--format', 'p'], words('pretty')],
    [['call', '--upload', ''], files],
    [['call', '-o', 'x'], files],
    [['call', '-d', '@x'], files],
    [['call', '-d', '{'], words()],
    [['call', 'pkg.Svc/Get'], words('pkg.Svc/GetOne', 'pkg.Svc/GetAll')],
    [['call', 'Get'], words('GetOne', 'GetAll')],
    [['call', '--grpc', '127.0.0.1:1', 'o'], words('other.Svc/Put')],
    [['call', '-d', '{}', 'o'], words('other.Svc/Put')],
    [['call', 'pkg.Svc/GetOne', 's'], words('symbol=', 'since=')],
    [['call', '127.0.0.1:1', 'pkg.Svc/GetOne', 'sy'], words('symbol=')],
    [['call', 'pkg.Svc/GetOne', 'raw=@'], files],
    [['gateway', '--listen', ''], words()],
    [['gateway', '--config', ''], files],
  ];
  for (const [line, completion] of cases)
    t.same(await completionOf(line, commands, SHELLS, names), completion, line.join(' '));
  t.ok(
    asked.some((line) => line.join(' ') === '--grpc 127.0.0.1:1'),
    'names are asked of what the line says',
  );
});

async function open(t: Test) {
  const log = pino({ level: 'silent' });
  const folder = t.testdir();
  const core = await openCore({ listen: '127.0.0.1:0', dataDir: join(folder, 'data'), log });
  t.teardown(() => core.close());
  const gateway = await openGateway({
    upstream: core.address,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    log,
  });
  closeInTeardown(t, gateway);
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin', 'sluice'), `#!/bin/sh\nexec '${process.execPath}' '${COMMAND}' "$@"\n`);
  chmodSync(join(folder, 'bin', 'sluice'), 0o755);
  const bash = (script: string) =>
    new Promise<{ out: string; errors: string }>((resolve) => {
      const env = { PATH: `${folder}/bin:${process.env.PATH}`, SLUICE_ADDRESS: gateway.url };
      execFile('bash', ['--norc', '-c', script], { env }, (_, out, errors) => resolve({ out, errors }));
    });
  return { bash, core };
}

t.test('bash completes with the script, also behind colons', async (t) => {
  const { bash, core } = await open(t);
  const complete = async (line: string) => {
    const { out, errors } = await bash(`
source <(sluice completion bash)
compopt() { echo "compopt $*"; }
COMP_LINE='${line}' COMP_POINT=\${#COMP_LINE}
_sluice
printf '%s\\n' "\${COMPREPLY[@]}"`);
    t.equal(errors, '', line);
    return out.trim().split('\n');
  };
  t.same(await complete('sluice des'), ['describe']);
  t.same(await complete('sluice call streaming.StreamingService/GetStockQ'), [
    'streaming.StreamingService/GetStockQuote',
  ]);
  t.same(await complete(`sluice call --grpc ${core.address} GetStockQ`), ['GetStockQuote']);
  t.same(await complete('sluice call GetStockQuote s'), ['compopt -o nospace', 'symbol=']);
  t.same(await complete('sluice call GetStockQuote -o '), ['compopt -o default']);
  t.same(await complete('sluice call 127.0.0.1:1 G'), [''], 'nothing where nothing answers');
});

for (const shell of SHELLS) {
  const isThere = spawnSync(shell, ['-c', 'true']).status === 0;
  t.test(
    `the script for ${shell} is one that it can read`,
    { skip: !isThere && `${shell} is not installed` },
    async (t) => {
      const file = join(t.testdir(), 'script');
      writeFileSync(file, COMPLETION_SCRIPTS[shell]);
      const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
      t.same({ status, stderr }, { status: 0, stderr: '' });
    },
  );
}
