import { pino } from 'pino';
import t from 'tap';
import { WebSocket } from 'ws';
import {
  type ClientOptions,
  Code,
  createClient,
  createHttpClient,
  SluiceError,
} from '../../../clients/browser/index.js';
import { openGateway } from '../../../gateway/index.js';
import { openCore } from '../../../grpc-core/index.js';
import { closeInTeardown } from '../../support/given-back.js';
import { expected, RULES, readmeExamples } from './readme-examples.js';

/** Runs the body of an async function with these names at hand. */
async function run(body: string, given: Readonly<Record<string, unknown>>): Promise<void> {
  const AsyncFunction = (async () => undefined).constructor as new (
    ...parts: string[]
  ) => (...values: unknown[]) => Promise<void>;
  await new AsyncFunction(...Object.keys(given), body)(...Object.values(given));
}

t.test('every example of the document runs in Node', async (t) => {
  const log = pino({ level: 'silent' });
  const core = await openCore({ listen: '127.0.0.1:0', dataDir: t.testdir(), log });
  t.teardown(() => core.close());
  const gateway = await openGateway({
    upstream: core.address,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    graceMs: 100,
    config: RULES,
    log,
  });
  closeInTeardown(t, gateway);
  const printed: string[] = [];
  const given = {
    // The gateway that served the page is only known in a page.
    createClient: (options: ClientOptions = {}) =>
      createClient({ ...options, baseUrl: gateway.url, WebSocket }),
    createHttpClient: () => createHttpClient({ baseUrl: gateway.url }),
    SluiceError,
    Code,
    localStorage: { getItem: () => 'secret' },
    console: { log: (...values: unknown[]) => printed.push(values.map(textOf).join(' ')) },
  };
  const [setup = '', ...examples] = readmeExamples();
  t.equal(examples.length, expected.length, 'each example has its expectation');
  for (const [at, example] of examples.entries()) {
    printed.length = 0;
    await run(`${setup.replace(/^import .*\n/, '')}\n${example}\nclient.close();`, given);
    for (const line of expected[at] ?? []) t.match(printed.join('\n'), line, example);
  }
});

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
