import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { createClient, type SluiceError } from '../../../../clients/browser/index.js';
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

/** The sockets that were opened, to wait for their ends. */
const closes: Promise<unknown>[] = [];

class Followed extends WebSocket {
  constructor(url: string, subProtocol?: string) {
    super(url, subProtocol);
    closes.push(new Promise((resolve) => this.once('close', resolve)));
  }
}

async function served(t: Test): Promise<string> {
  const { url } = await serveCalls(
    t,
    await foreignSchema(),
    (method, { signal }) => play(method, signal),
    {},
    leasedIdentity(),
  );
  return url;
}

async function serve(t: Test, auth: () => string | Promise<string>) {
  const url = await served(t);
  const client = createClient({ baseUrl: url, WebSocket: Followed, auth });
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

t.test('requests by HTTP are signed as well', async (t) => {
  let fetched = 0;
  const client = await serve(t, async () => {
    fetched += 1;
    return 'me::60000';
  });
  const answers = await Promise.all([client.unary(name('Ask'), {}), client.unary(name('Ask'), {})]);
  t.same(answers, [{ text: 'a' }, { text: 'a' }]);
  for await (const message of client.serverStream(name('Down'), {})) {
    t.same(message, { text: 'a' });
    break;
  }
  t.equal(fetched, 1, 'one fetch for all of them');
});

t.test('a WebSocket of its own comes in with a ticket', async (t) => {
  const client = await serve(t, () => 'me::60000');
  const socket = client.socket(name('Down'));
  await socket.send({});
  t.same((await socket.next()).value, { text: 'a' });
  await socket.return?.();
  await Promise.all(closes);
});

t.test('a token that has ended is fetched again, once', async (t) => {
  const given = ['bad', 'me::60000'];
  const client = await serve(t, () => given.shift() ?? 'bad');
  t.same(await client.unary(name('Ask'), {}), { text: 'a' });
  t.same(given, []);
  const refused = await serve(t, () => 'bad');
  await t.rejects(refused.unary(name('Ask'), {}), { code: 16 });
  const socket = refused.socket(name('Down'));
  await t.rejects(socket.send({}), { code: 16 });
  await t.rejects(socket.next(), { code: 16 });
});

t.test('a function that fails is UNAUTHENTICATED on every way, and nothing is unhandled', async (t) => {
  const client = await serve(t, () => {
    throw new Error('signed out');
  });
  const refused = (error: unknown) =>
    t.match(error as SluiceError, { code: 16, cause: { message: 'signed out' } });
  await client.unary(name('Ask'), {}).then(t.fail, refused);
  await client.serverStream(name('Down'), {}).next().then(t.fail, refused);
  const socket = client.socket(name('Down'));
  await socket.next().then(t.fail, refused);
  client.socket(name('Down')).close();
});
