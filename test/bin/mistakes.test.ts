import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { sluice } from '../support/process.js';

// Every case is a process, and a busy machine takes seconds to start one.
t.setTimeout(600_000);

const ANY = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'];
/** Processes that run at the same time. */
const AT_ONCE = 6;
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** These ask for something else than to run, and have no variable. */
const LINE_ONLY = ['--help', '--version', '--print-config'];

t.test('help explains every flag and names its variable', async (t) => {
  for (const command of ['start', 'core', 'gateway']) {
    const running = sluice(t, [command, '--help']);
    t.equal(await running.exit, 0);
    const text = running.lines.join('\n');
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
  const [about, own] = [sluice(t, ['help', 'gateway']), sluice(t, ['gateway', '--help'])];
  t.equal(await about.exit, 0);
  t.equal(await own.exit, 0);
  t.same(about.lines, own.lines, 'help COMMAND is COMMAND --help');
  const general = sluice(t, ['--help']);
  t.equal(await general.exit, 0);
  t.match(general.lines.join('\n'), /sluice gateway/);
  const lines = [['--version'], ['start', '--version'], ['gateway', '--version'], ['core', '--version']];
  await Promise.all(
    lines.map(async (args) => {
      const version = sluice(t, args);
      t.equal(await version.exit, 0);
      t.match(version.lines.join(''), /^\d+\.\d+\.\d+$/, args.join(' '));
    }),
  );
});

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
    [['gateway', '--heartbeat-ms', '0'], 2, /--heartbeat-ms must be .* from 1 to/],
    [['gateway', '--upstream-connections', '10001'], 2, /--upstream-connections must be .* from 1 to 10000/],
    [['gateway', '--upstream-streams', '0'], 2, /--upstream-streams must be .* from 1 /],
    [['gateway', '--exchanges-per-address', '-1'], 2, /--exchanges-per-address/],
    [['gateway', '--unfinished-bytes', '64MiB'], 2, /--unfinished-bytes must be a whole number/],
    [['gateway', '--trusted-proxies', '10.0.0.0/8,ingress'], 2, /--trusted-proxies: .*"ingress"/],
    [['gateway', '--allow-host', 'https://app.example.com'], 2, /--allow-host: .*"https:/],
    [['gateway', '--forward-header', 'Host'], 2, /--forward-header: forward header host/],
    [
      ['gateway', '--allow-origin', 'https://a.example/'],
      2,
      /--allow-origin: .* write it like https:..a.example,/,
    ],
    [['gateway', '--max-head-bytes', '10'], 2, /--max-head-bytes must be .* from 1024/],
    [['gateway', '--patch-mask', 'maybe'], 2, /--patch-mask must be on or off, not "maybe"/],
    [['gateway', '--listen', 'foo'], 2, /--listen: listen address "foo"/],
    [['gateway', '--admin-listen', 'foo'], 2, /--admin-listen: listen address "foo"/],
    [['core', '--listen', 'foo'], 2, /--listen: listen address "foo"/],
    [['start', '--core-listen', 'foo'], 2, /--core-listen: listen address "foo"/],
    [['gateway', '--upstream', 'http://a:1'], 2, /--upstream: upstream target "http:\/\/a:1" must look like/],
    [['gateway', '--lisen', ':1'], 2, /unknown option --lisen, did you mean --listen\?/],
    [['gateway', '--log-level', 'loud'], 2, /--log-level must be one of/],
    [['gateway', '--proto-path', dir], 2, /--proto/],
    [['gateway', '--upstream', 'unix:'], 2, /--upstream: .*the path is missing/],
    [['gateway', '--upstream-authority', 'a/b'], 2, /--upstream-authority: .*"a\/b"/],
    [['gateway', '--reflection-metadata', 'te: trailers'], 2, /--reflection-metadata: .*"te" is reserved/],
    [['gateway', ...ANY, '--descriptor-set', join(dir, 'missing')], 1, /--descriptor-set .*missing/],
    [['gateway', ...ANY, '--descriptor-set', join(dir, 'garbage')], 1, /garbage: .*FileDescriptorSet/],
    [['gateway', ...ANY, '--proto', join(dir, 'bad.proto')], 1, /bad\.proto/],
    [['gateway', ...ANY, '--proto', join(dir, 'missing.proto')], 1, /missing\.proto/],
    [
      ['gateway', ...ANY, '--listen', `127.0.0.1:${port}`, ...set],
      1,
      new RegExp(`${port}: the port is taken`),
    ],
    [['gateway', ...ANY, '--upstream-cert', join(dir, 'garbage')], 2, /--upstream-key/],
    [['core', '--listen', `127.0.0.1:${port}`, '--data-dir', dir], 1, new RegExp(`${port}`)],
    [['core', '--listen', '127.0.0.1:0', '--data-dir', join(dir, 'garbage')], 1, /garbage/],
    [['core', '--listen', '127.0.0.1:0', '--data-dir', damaged], 1, /the store in .* CURRENT is missing/],
    [['start', ...ANY, '--data-dir', foreign], 1, /is not a store: .* "notes.txt"/],
    [['start', ...ANY, '--core-listen', `127.0.0.1:${port}`, '--data-dir', dir], 1, new RegExp(`${port}`)],
  ];
  const judge = async ([args, code, message, environment]: (typeof cases)[number]) => {
    const running = sluice(t, args, environment);
    t.equal(await running.exit, code, args.join(' '));
    t.equal(running.errors.length, 1, running.errors.join('\n'));
    t.match(running.errors[0], message);
  };
  // Each is a process: one after the other they would take minutes on a busy machine.
  for (let begin = 0; begin < cases.length; begin += AT_ONCE) {
    await Promise.all(cases.slice(begin, begin + AT_ONCE).map(judge));
  }
  const unknown: [args: string[], message: RegExp][] = [
    [['fly'], /no command "fly"$/],
    [['gatway'], /no command "gatway", did you mean gateway\?$/],
    [['help', 'cor'], /no command "cor", did you mean core\?$/],
    [[], /^Sluice gives browsers/],
  ];
  for (const [args, message] of unknown) {
    const running = sluice(t, args);
    t.equal(await running.exit, 2, args.join(' '));
    t.match(running.errors[0], message);
    t.match(running.errors.join('\n'), /sluice gateway/, 'with the commands that there are');
    t.same(running.lines, []);
  }
});
