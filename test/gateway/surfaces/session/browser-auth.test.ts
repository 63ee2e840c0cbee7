import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { createClient } from '../../../../clients/browser/index.js';
import { createDeferred } from '../../../../gateway/async/index.js';
import { ENDED, type Status } from '../../../../gateway/status/index.js';
import { Batch, type Call } from '../../../../gateway/upstream/index.js';
import { playCall, serveCalls } from '../../../support/fake-calls.js';
import { foreignSchema } from '../../../support/foreign.js';
import { leasedIdentity } from '../../../support/leased.js';

const name = (method: string) => `foreign.v1.Foreign/${method}`;

/** A stream that never ends, of one message every 20 ms; `Ask` is answered at once. */
function play(method: string, signal: { addEventListener(type: 'abort', listener: () => void): void }): Call {
  const item = Batch.of([Buffer.from([0x0a, 1, 0x61])]);
  if (method.endsWith('Ask')) return playCall({ batches: [() => item] });
  const ended = createDeferred<Status>();
  let isOver = false;
  const cancel = () => {
    isOver = true;
    ended.resolve({ ...ENDED, code: 1 });
  };
  signal.addEventListener('abort', cancel);
  return {
    headers: Promise.resolve([]),
    status: ended.promise,
    async read() {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return isOver ? undefined : Batch.of([Buffer.from([0x0a, 1, 0x61])]);
    },
    write: () => true,
    halfClose() {},
    cancel,
  };
}

async function serve(t: Test, auth: () => string | Promise<string>) {
  const { url } = await serveCalls(
    t,
    await foreignSchema(),
    (method, { signal }) => play(method, signal),
    {},
    leasedIdentity(),
  );
  const client = createClient({ baseUrl: url, WebSocket, auth });
  t.teardown(() => client.close());
  return client;
}

t.test(
  'a token is sent first, and a new one when it is asked for, so that calls outlive tokens',
  async (t) => {
    let fetched = 0;
    const client = await serve(t, async () => {
      fetched += 1;
      return 'me::1000';
    });
    const both = client.call(name('Down'), { request: {} });
    const [one, two] = [client.call(name('Ask'), { request: {} }), client.call(name('Ask'), { request: {} })];
    t.same(await Promise.all([one.result(), two.result()]), [{ text: 'a' }, { text: 'a' }]);
    t.equal(fetched, 1, 'one fetch for all that wait');
    const begun = Date.now();
    for await (const _ of both.messages) if (Date.now() - begun > 1_200) break;
    t.ok(fetched >= 2, `${fetched} tokens`);
  },
);

t.test('a function that fails is UNAUTHENTICATED', async (t) => {
  let fetched = 0;
  const client = await serve(t, () => {
    fetched += 1;
    throw new Error('signed out');
  });
  await t.rejects(client.call(name('Ask'), { request: {}, maxReconnects: 0 }).result(), {
    code: 16,
    message: /^auth: /,
    cause: { message: 'signed out' },
  });
  t.ok(fetched >= 1);
});

t.test('a token that is not accepted is UNAUTHENTICATED', async (t) => {
  const client = await serve(t, () => 'bad');
  await t.rejects(client.call(name('Ask'), { request: {} }).result(), { code: 16 });
});
