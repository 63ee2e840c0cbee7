import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { http } from '../support/http.js';
import { sluice } from '../support/process.js';

const ANY = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'];
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

t.test(
  'a configuration file is read, from the flag or the environment; what the schema lacks is a warning',
  async (t) => {
    const file = join(
      t.testdir({
        'gateway.yaml': `
methods:
  foreign.v1.Foreign/Down: { slowReader: { policy: conflate, key: text } }
  foreign.v1.Foreign/Dwon: {}
`,
      }),
      'gateway.yaml',
    );
    const proto = ['--proto', path('../support/proto/foreign.proto'), '--proto-path', path('../../proto')];
    const cases: [args: string[], environment: NodeJS.ProcessEnv][] = [
      [['--config', file], {}],
      [[], { SLUICE_CONFIG: file }],
    ];
    for (const [args, environment] of cases) {
      const running = sluice(
        t,
        ['gateway', '--upstream', '127.0.0.1:1', ...ANY, ...proto, ...args],
        environment,
      );
      const { adminUrl } = (await running.line('gateway listening')) as { adminUrl: string };
      t.match(await running.line('configuration problem'), {
        problem: /Dwon.*did you mean foreign\.v1\.Foreign\/Down/,
      });
      const { text } = await http(`${adminUrl}/metrics`);
      t.match(text, 'sluice_messages_dropped_total{method="foreign.v1.Foreign/Down",policy="conflate"} 0');
      running.child.kill('SIGTERM');
      t.equal(await running.exit, 0);
    }
  },
);

t.test('a wrong configuration file is one clear line and exit code 2', async (t) => {
  const dir = t.testdir({ 'bad.yaml': 'methods:\n  a.B/C: { slowReader: { polcy: pause } }\n' });
  const bad = join(dir, 'bad.yaml');
  const missing = join(dir, 'missing.yaml');
  const cases: [args: string[], code: number, message: RegExp][] = [
    [['gateway', ...ANY, '--config', missing], 1, /--config .*missing\.yaml/],
    [['gateway', ...ANY, '--config', bad], 2, /bad\.yaml:2:26: .*polcy is unknown, did you mean policy/],
    [
      ['start', ...ANY, '--core-listen', '127.0.0.1:0', '--data-dir', dir, '--config', bad],
      2,
      /bad\.yaml:2:26: /,
    ],
    [['gateway', '--slow-reader-bytes', '0'], 2, /--slow-reader-bytes must be .* from 1/],
  ];
  for (const [args, code, message] of cases) {
    const running = sluice(t, args);
    t.equal(await running.exit, code, args.join(' '));
    t.equal(running.errors.length, 1, running.errors.join('\n'));
    t.match(running.errors[0], message);
  }
});
