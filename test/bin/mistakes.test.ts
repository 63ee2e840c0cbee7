import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { type EndedLine, runLines } from '../support/command-lines.js';
import { sluice } from '../support/process.js';

// Every case is a process, and a busy machine takes seconds to start one.
t.setTimeout(600_000);

const ANY = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'];
/** Of the wrong lines, how many run in a process of their own as well. */
const AS_PROCESS = 8;
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** These ask for something else than to run, and have no variable. */
const LINE_ONLY = ['--help', '--version', '--print-config'];

t.test('help explains every flag and names its variable', async (t) => {
  const commands = ['start', 'core', 'gateway'];
  const helps = await runLines(
    t,
    commands.map((command) => ({ args: [command, '--help'] })),
  );
  for (const { code, lines } of helps) {
    t.equal(code, 0);
    const text = lines.join('\n');
    const flags = text.match(/^ {2}--[a-z-]+/gm) ?? [];
    t.ok(flags.length > 4);
    for (const flag of flags) {
      if (LINE_ONLY.includes(flag.trim())) continue;
      const variable = `SLUICE_${flag.trim().slice(2).toUpperCase().replaceAll('-', '_')}`;
      t.match(text, variable);
    }
    for (const flag of LINE_ONLY) t.match(text, flag);
    t.notMatch(text, /SLUICE_(HELP|VERSION|PRINT_CONFIG)/, 'what has no effect is not shown');
    t.equal(new Set(flags).size, flags.length, 'each flag is listed once');
    t.match(text, /^(Listening|Limits|Times|Core service|Output):$/m, 'under headings');
    const examples = text.match(/^ {2}sluice .*/gm) ?? [];
    t.equal(examples.length, 2, 'with two examples');
    for (const example of examples) {
      const named: string[] = example.match(/--[a-z-]+/g) ?? [];
      for (const flag of named) t.match(text, new RegExp(`^  ${flag}\\b`, 'm'));
    }
  }
  const own = sluice(t, ['gateway', '--help']);
  t.equal(await own.exit, 0);
  const [about, general, ...versions] = await runLines(t, [
    { args: ['help', 'gateway'] },
    { args: ['--help'] },
    ...[[], ['start'], ['gateway'], ['core']].map((command) => ({ args: [...command, '--version'] })),
  ]);
  t.match(about, { code: 0, lines: own.lines }, 'help COMMAND is COMMAND --help');
  t.equal(general?.code, 0);
  t.match(general?.lines.join('\n'), /sluice gateway/);
  t.equal(versions.length, 4);
  for (const { code, lines } of versions) {
    t.equal(code, 0);
    t.match(lines.join(''), /^\d+\.\d+\.\d+$/);
  }
});

// test/bin/options/values.test.ts has every option with every kind of wrong value.
t.test('what is wrong is one clear line and an exit code', async (t) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  t.teardown(() => taken.close());
  const { port } = taken.address() as { port: number };
  const dir = t.testdir();
  writeFileSync(join(dir, 'garbage'), 'garbage');
  writeFileSync(join(dir, 'bad.proto'), 'syntax = "proto3"; message {');
  const damaged = join(dir, 'damaged');
  const foreign = join(dir, 'foreign');
  for (const [folder, file] of [
    [damaged, '000003.log'],
    [foreign, 'notes.txt'],
  ] as const) {
    mkdirSync(join(folder, '.sluice', 'store'), { recursive: true });
    writeFileSync(join(folder, '.sluice', 'store', file), '');
  }
  const set = ['--descriptor-set', path('../../dist/proto/sluice.binpb')];
  const cases: [args: string[], code: number, message: RegExp, environment?: NodeJS.ProcessEnv][] = [
    [['gateway', '--nope'], 2, /--nope/],
    [['gateway', 'positional'], 2, /unexpected argument "positional"/],
    [
      ['gateway', '--head-wait-ms', 'soon'],
      2,
      /--head-wait-ms must be a whole number of milliseconds .*, not "soon"/,
    ],
    [['gateway'], 2, /SLUICE_HEAD_WAIT_MS must be a whole number/, { SLUICE_HEAD_WAIT_MS: 'soon' }],
    [['gateway', '--listen', 'foo'], 2, /--listen: listen address "foo"/],
    [['core', '--listen', 'foo'], 2, /--listen: listen address "foo"/],
    [['start', '--core-listen', 'foo'], 2, /--core-listen: listen address "foo"/],
    [['gateway', '--lisen', ':1'], 2, /unknown option --lisen, did you mean --listen\?/],
    [['gateway', '--log-level', 'loud'], 2, /--log-level must be one of/],
    [['gateway', ...ANY, '--descriptor-set', join(dir, 'missing')], 1, /--descriptor-set .*missing/],
    [['gateway', ...ANY, '--descriptor-set', join(dir, 'garbage')], 1, /garbage: .*FileDescriptorSet/],
    [['gateway', ...ANY, '--proto', join(dir, 'bad.proto')], 1, /bad\.proto/],
    [['gateway', ...ANY, '--proto', join(dir, 'missing.proto')], 1, /missing\.proto/],
    [
      ['gateway', '--listen', `127.0.0.1:${port}`, '--admin-listen', '127.0.0.1:0', ...set],
      1,
      new RegExp(`${port}: the port is taken, choose another one with --listen$`),
    ],
    [['gateway', ...ANY, '--upstream-cert', join(dir, 'garbage')], 2, /--upstream-key/],
    [['core', '--listen', `127.0.0.1:${port}`, '--data-dir', dir], 1, new RegExp(`${port}`)],
    [['core', '--listen', '127.0.0.1:0', '--data-dir', join(dir, 'garbage')], 1, /garbage/],
    [['core', '--listen', '127.0.0.1:0', '--data-dir', damaged], 1, /the store in .* CURRENT is missing/],
    [['start', ...ANY, '--data-dir', foreign], 1, /is not a store: .* "notes.txt"/],
    [
      ['start', ...ANY, '--core-listen', `127.0.0.1:${port}`, '--data-dir', dir],
      1,
      new RegExp(`${port}: the port is taken, choose another one with --core-listen$`),
    ],
  ];
  const judge = (
    [args, code, message]: (typeof cases)[number],
    ended: Pick<EndedLine, 'code' | 'errors'> | undefined,
  ) => {
    t.equal(ended?.code, code, args.join(' '));
    t.equal(ended?.errors.length, 1, `${ended?.errors.join('\n')}`);
    t.match(ended?.errors[0], message);
  };
  const ended = await runLines(
    t,
    cases.map(([args, , , environment = {}]) => ({ args, environment })),
  );
  for (const [index, one] of cases.entries()) judge(one, ended[index]);
  // Some of them as a process of their own, where nothing stands in for its end.
  const whole = cases.filter((_, index) => index % Math.ceil(cases.length / AS_PROCESS) === 0);
  t.ok(whole.length > 4);
  for (const one of whole) {
    const [args, , , environment] = one;
    const running = sluice(t, args, environment);
    const code = await running.exit;
    judge(one, { code, errors: running.errors });
  }
  const unknown: [args: string[], message: RegExp][] = [
    [['fly'], /no command "fly"$/],
    [['gatway'], /no command "gatway", did you mean gateway\?$/],
    [['help', 'cor'], /no command "cor", did you mean core\?$/],
    [[], /^Sluice gives browsers/],
  ];
  const refused = await runLines(
    t,
    unknown.map(([args]) => ({ args })),
  );
  for (const [index, [args, message]] of unknown.entries()) {
    const { code, lines, errors } = refused[index] as EndedLine;
    t.equal(code, 2, args.join(' '));
    t.match(errors[0], message);
    t.match(errors.join('\n'), /sluice gateway/, 'with the commands that there are');
    t.same(lines, []);
  }
});
