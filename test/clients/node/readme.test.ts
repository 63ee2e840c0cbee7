import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import t from 'tap';
import * as client from '../../../clients/node/index.js';
import { openCore } from '../../../grpc-core/index.js';

const readme = readFileSync(new URL('../../../clients/node/README.md', import.meta.url), 'utf8');
const examples = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code = '']) => code);

t.test('every example of the document runs', async (t) => {
  const core = await openCore({
    listen: '127.0.0.1:0',
    dataDir: t.testdir(),
    log: pino({ level: 'silent' }),
  });
  t.teardown(() => core.close());
  const AsyncFunction = (async () => undefined).constructor as new (
    ...parts: string[]
  ) => (...values: unknown[]) => Promise<void>;
  const print = async (example: string, count: number) => {
    const lines: unknown[][] = [];
    await new Promise<void>((resolve, reject) => {
      const log = (...values: unknown[]) => {
        if (lines.push(values) === count) resolve();
      };
      const body = example.replace(/^import .*\n/, '').replaceAll('127.0.0.1:50051', core.address);
      const given = { ...client, console: { log } };
      new AsyncFunction(...Object.keys(given), body)(...Object.values(given)).catch(reject);
    });
    return lines;
  };
  t.equal(examples.length, 2);
  t.match(await print(examples[0] ?? '', 1), [[{ symbol: 'AAPL' }]]);
  const items = await print(examples[1] ?? '', 10);
  t.same(
    items.map(([id]) => id),
    Array.from({ length: 10 }, (_, at) => 901 + at),
  );
});
