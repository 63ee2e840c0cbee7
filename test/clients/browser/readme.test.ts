import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import t from 'tap';
import { WebSocket } from 'ws';
import { Code, createClient, SluiceError } from '../../../clients/browser/index.js';
import { openGateway } from '../../../gateway/index.js';
import { openCore } from '../../../grpc-core/index.js';

const readme = readFileSync(new URL('../../../clients/browser/README.md', import.meta.url), 'utf8');
const examples = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code = '']) => code);

/** Runs an example as an async function with these names at hand. What it shows leaves its endless loops. */
async function run(example: string, given: Readonly<Record<string, unknown>>): Promise<void> {
  const AsyncFunction = (async () => undefined).constructor as new (
    ...parts: string[]
  ) => (...values: unknown[]) => Promise<void>;
  await new AsyncFunction(...Object.keys(given), example)(...Object.values(given));
}

t.test('the examples of the document run', async (t) => {
  const log = pino({ level: 'silent' });
  const core = await openCore({ listen: '127.0.0.1:0', dataDir: t.testdir(), log });
  t.teardown(() => core.close());
  const gateway = await openGateway({
    upstream: core.address,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    graceMs: 100,
    log,
  });
  t.teardown(() => gateway.close());
  const client = createClient({ baseUrl: gateway.url, WebSocket });
  t.teardown(() => client.close());
  const enough = new Error('enough was shown');
  const shown: unknown[][] = [];
  const printed: unknown[] = [];
  const given = {
    client,
    SluiceError,
    Code,
    token: 'secret',
    show(...values: unknown[]) {
      shown.push(values);
      throw enough;
    },
    console: { log: (value: unknown) => printed.push(value) },
  };
  const [, stream = '', kinds = ''] = examples;
  await t.rejects(run(stream, given), enough);
  t.match(shown, [[901, String]]);
  await t.rejects(run(kinds, given), enough);
  t.match(shown[1], ['ann', 'hi']);
  t.match(printed, [{ fileId: 'hello.txt', totalBytes: '5' }]);
});
