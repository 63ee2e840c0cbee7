import { Code, ConnectError, type Transport } from '@connectrpc/connect';
import { compressionGzip, createConnectTransport } from '@connectrpc/connect-node';
import { createConnectTransport as createWebTransport } from '@connectrpc/connect-web';
import t, { type Test } from 'tap';
import { createCertificate } from '../../support/certificate.js';
import { bytes, json, method, openForeign, statusBytes } from '../../support/foreign.js';
import { until } from '../../support/http.js';
import { type ForeignClient, foreignClient, type Item } from './connect-client.js';

/** What carries the calls of a client. */
interface Carrier {
  readonly name: string;
  transport(baseUrl: string): Transport;
  /** It has calls with a stream of requests. */
  readonly streamsUp: boolean;
  /** It reads answers while it still sends. */
  readonly isFullDuplex: boolean;
  readonly isSecure: boolean;
}

const CA = createCertificate('ca');
const OURS = createCertificate('localhost', { certificate: CA, name: 'ca' });

const CARRIERS: readonly Carrier[] = [true, false].flatMap((useBinaryFormat): Carrier[] => {
  const codec = useBinaryFormat ? 'proto' : 'json';
  return [
    ...(['1.1', '2'] as const).flatMap((httpVersion) =>
      [
        { name: '' },
        { name: ', gzip', sendCompression: compressionGzip, compressMinBytes: 0 },
        { name: ', TLS', nodeOptions: { ca: CA.cert } },
      ].map(
        ({ name, ...options }): Carrier => ({
          name: `connect-node, HTTP/${httpVersion}, ${codec}${name}`,
          transport: (baseUrl) =>
            createConnectTransport({ baseUrl, httpVersion, useBinaryFormat, ...options }),
          streamsUp: true,
          isFullDuplex: httpVersion === '2',
          isSecure: 'nodeOptions' in options,
        }),
      ),
    ),
    {
      name: `connect-web, ${codec}`,
      transport: (baseUrl) => createWebTransport({ baseUrl, useBinaryFormat }),
      streamsUp: false,
      isFullDuplex: false,
      isSecure: false,
    },
  ];
});

async function* each(items: readonly Partial<Item>[]): AsyncGenerator<Partial<Item>> {
  yield* items;
}

async function textsOf(items: AsyncIterable<Item>): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of items) texts.push(text);
  return texts;
}

async function failureOf(call: Promise<unknown>): Promise<ConnectError> {
  try {
    await call;
  } catch (reason) {
    return ConnectError.from(reason);
  }
  throw new Error('the call went well');
}

const ITEM = await bytes({ text: 'pong', number: 7 });
const TEXTS = await Promise.all(['a', 'b'.repeat(90_000), 'c'].map((text) => bytes({ text })));
const TRAILERS = { status: 'OK', trailers: [['cost', '3']] } as const;

for (const carrier of CARRIERS) {
  t.test(carrier.name, async (t) => {
    const large = 'x'.repeat(100_000);
    const failure = {
      status: 'RESOURCE_EXHAUSTED',
      message: 'slow dówn',
      details: await statusBytes(8, '', '1.500s'),
      trailers: [['cost', '3']],
    } as const;
    const { url, upstream } = await openForeign(
      t,
      {
        Ask: (metadata) =>
          metadata.some(([name]) => name === 'fail')
            ? [{ in: 'end' }, { headers: [['shard', '7']] }, failure]
            : metadata.some(([name]) => name === 'wait')
              ? [{ wait: new Promise(() => {}) }]
              : [{ in: 'end' }, { headers: [['shard', '7']] }, { out: ITEM }, TRAILERS],
        Down: (metadata) =>
          metadata.some(([name]) => name === 'fail')
            ? [{ in: 'end' }, { out: ITEM }, failure]
            : [{ in: 'end' }, { headers: [['shard', '7']] }, ...TEXTS.map((out) => ({ out })), TRAILERS],
        Up: [{ in: 'end' }, { out: ITEM }],
        Both: [{ echo: true }],
      },
      carrier.isSecure ? { tls: OURS } : {},
    );
    const client = await foreignClient(carrier.transport(url.replace('127.0.0.1', 'localhost')));
    await t.test('a unary call', (t) => unary(t, client));
    await t.test('a server stream', (t) => down(t, client));
    await t.test('a call that fails', (t) => fails(t, client));
    await t.test('a call that takes too long', async (t) => {
      const { code } = await failureOf(client.ask({}, { timeoutMs: 100, headers: { wait: '1' } }));
      t.equal(code, Code.DeadlineExceeded);
      await until(t, 'the call to be over', () =>
        upstream.calls(method('Ask')).every(({ isOver }) => isOver),
      );
    });
    if (!carrier.streamsUp) return;
    await t.test('a client stream', async (t) => {
      t.match(await client.up(each([{ text: 'a' }, { text: large }, {}])), { text: 'pong' });
      const { received } = await upstream.call(method('Up'));
      t.same(await Promise.all(received.map((one) => json(one))), [{ text: 'a' }, { text: large }, {}]);
    });
    if (carrier.isFullDuplex) await t.test('a stream both ways at once', (t) => inTurns(t, client));
    await t.test('a stream both ways, one after the other', async (t) => {
      t.same(await textsOf(client.both(each([{ text: 'a' }, { text: large }]))), ['a', large]);
    });
  });
}

t.test('calls without side effects as GET', async (t) => {
  const { url, upstream } = await openForeign(t, { Ask: [{ in: 'end' }, { out: ITEM }] });
  const sent: (string | undefined)[] = [];
  const web = (useBinaryFormat: boolean) =>
    createWebTransport({
      baseUrl: url,
      useBinaryFormat,
      useHttpGet: true,
      fetch(input, init) {
        sent.push(init?.method);
        return fetch(input, init);
      },
    });
  const node = (useBinaryFormat: boolean) =>
    createConnectTransport({
      baseUrl: url,
      httpVersion: '1.1',
      useBinaryFormat,
      useHttpGet: true,
      sendCompression: compressionGzip,
      compressMinBytes: 0,
    });
  const transports = [web, node].flatMap((create) => [create(true), create(false)]);
  for (const [at, transport] of transports.entries()) {
    const client = await foreignClient(transport, { isSafe: true });
    t.match(await client.ask({ text: 'ä+/?&=' }), { text: 'pong' });
    const [received] = (await upstream.call(method('Ask'), at)).received;
    t.same(await json(received), { text: 'ä+/?&=' });
  }
  t.same(sent, ['GET', 'GET']);
});

async function unary(t: Test, client: ForeignClient): Promise<void> {
  let shard: string | null = null;
  let cost: string | null = null;
  const item = await client.ask(
    {},
    {
      onHeader: (headers) => {
        shard = headers.get('shard');
      },
      onTrailer: (trailers) => {
        cost = trailers.get('cost');
      },
    },
  );
  t.match(item, { text: 'pong', number: 7 });
  t.equal(shard, '7');
  t.equal(cost, '3');
}

async function down(t: Test, client: ForeignClient): Promise<void> {
  let cost: string | null = null;
  const items = client.down(
    { text: 'go' },
    {
      onTrailer: (trailers) => {
        cost = trailers.get('cost');
      },
    },
  );
  t.same(await textsOf(items), ['a', 'b'.repeat(90_000), 'c']);
  t.equal(cost, '3');
}

/** Each answer is read before the next request is sent. */
async function inTurns(t: Test, client: ForeignClient): Promise<void> {
  const texts = ['a', 'b', 'c'];
  let goOn: () => void = () => {};
  async function* requests(): AsyncGenerator<Partial<Item>> {
    for (const text of texts) {
      const answered = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      yield { text };
      await answered;
    }
  }
  const received: string[] = [];
  for await (const { text } of client.both(requests())) {
    received.push(text);
    goOn();
  }
  t.same(received, texts);
}

async function fails(t: Test, client: ForeignClient): Promise<void> {
  const headers = { fail: '1' };
  for (const call of [() => client.ask({}, { headers }), () => textsOf(client.down({}, { headers }))]) {
    const error = await failureOf(call());
    t.equal(error.code, Code.ResourceExhausted);
    t.equal(error.rawMessage, 'slow dówn');
    t.match(error.details, [{ type: 'google.rpc.RetryInfo' }]);
    t.equal(error.metadata.get('cost'), '3');
  }
}
