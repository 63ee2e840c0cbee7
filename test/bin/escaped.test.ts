import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runLines } from '../support/command-lines.js';

t.test('a wrong line is one short line on a terminal, whatever it names', async (t) => {
  const hostile = 'a\n\u001b[31m\u009b31m\u202eb';
  const dir = t.testdir({});
  const file = join(dir, `${hostile}.yaml`);
  writeFileSync(file, 'gateway: {listn: 1}\n');
  const key = join(dir, 'key.yaml');
  writeFileSync(key, 'gateway: {"\\e[31m\\n\\u009b\\u202e": 1}\n');
  const lines = [
    ['gateway', '--config', file],
    ['gateway', '--config', `${file}.none`],
    ['gateway', '--config', key],
    ['gateway', `--${hostile}`],
    ['gateway', hostile],
    ['gateway', '--config', 'x'.repeat(5_000)],
  ];
  const ended = await runLines(
    t,
    lines.map((args) => ({ args })),
  );
  t.equal(ended.length, lines.length);
  for (const { code, errors } of ended) {
    t.match(String(code), /^[12]$/);
    t.equal(errors.length, 1, errors.join('|'));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    t.notMatch(errors.join(''), /[\u0000-\u001f\u007f-\u009f\u202e]/);
    t.ok(errors.join('').length < 1_500);
  }
  t.match(
    ended[0]?.errors.join(''),
    /\.yaml:1:11: gateway\.listn is unknown/,
    'what is wrong is not cut off',
  );
});

t.test('no password of an address is shown, neither in an error nor by --print-config', async (t) => {
  const lines = [
    ['--upstream', 'http://user:s3cret@host:1'],
    ['--upstream', 'dns:///user:s3cret@host:1'],
    ['--upstream', 'user:s3cret@host:1'],
    ['--upstream', 'https://user:s3cret@host:1', '--transport', 'grpc-js'],
    ['--upstream', 'dns://user:s3cret@10.0.0.1/host:1', '--transport', 'grpc-js'],
    ['--allow-origin', 'https://user:s3cret@host'],
    ['--upstream-authority', 'user:s3cret@host'],
    ['--listen', 'user:s3cret@host:1x'],
  ];
  const ended = await runLines(
    t,
    lines.map((args) => ({ args: ['gateway', ...args, '--print-config'] })),
  );
  for (const [index, { code, lines: printed, errors }] of ended.entries()) {
    t.equal(code, 2, lines[index]?.join(' ') ?? '');
    t.notMatch([...printed, ...errors].join(' '), /s3cret/);
  }
});

t.test('help may be asked for with a value, as any switch', async (t) => {
  const [plain, valued] = await runLines(t, [
    { args: ['gateway', '--help'] },
    { args: ['gateway', '--help=true'] },
  ]);
  t.match(valued, { code: 0, lines: plain?.lines });
});
