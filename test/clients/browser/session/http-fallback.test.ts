import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import {
  type Call,
  type ClientOptions,
  Code,
  createClient,
  type JsonObject,
} from '../../../../clients/browser/index.js';
import { bytes, method, openForeign, statusBytes } from '../../../support/foreign.js';
import { settled } from '../../../support/http.js';
import type { Scripts } from '../../../support/scripted-upstream.js';
import { openRelay, type UpgradeRule } from '../../relay.js';

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);
const asked = [{ in: 'end' }] as const;

async function setUp(
  t: Test,
  scripts: Scripts,
  { upgrades = 403, ...options }: ClientOptions & { upgrades?: UpgradeRule } = {},
) {
  const foreign = await openForeign(t, scripts);
  const relay = await openRelay(t, foreign.url);
  relay.onUpgrade(upgrades);
  // A minute of rest, so that whatever comes sooner did not wait in the back-off.
  const session = {
    reconnectBaseMs: 60_000,
    reconnectMaxMs: 60_000,
    // A handshake that is only slow, on a machine that stands still, is not one that is swallowed.
    fallbackAfterMs: upgrades === 'swallow' ? 50 : 60_000,
    openTimeoutMs: 120_000,
    ...options.session,
  };
  const client = createClient({ baseUrl: relay.url, WebSocket, ...options, session });
  t.teardown(() => client.close());
  return { ...foreign, relay, client };
}

async function collect(call: Call<JsonObject>) {
  const numbers: unknown[] = [];
  for await (const { number } of call.messages) numbers.push(number);
  return numbers;
}

const needsSocket = (origin: string) => ({
  code: Code.UNAVAILABLE,
  message: new RegExp(`^WebSockets to ${origin} are blocked: client and bidi streams need one`),
});

for (const upgrades of [400, 403, 404, 426, 502, 'cut', 'swallow'] as const) {
  t.test(`where a proxy answers upgrades with ${upgrades}, calls go by HTTP`, async (t) => {
    const { client, relay } = await setUp(
      t,
      {
        Ask: [
          { headers: [['shard', '7']] },
          { in: 'end' },
          { out: await bytes({ number: 1 }) },
          { status: 'OK', trailers: [['cost', '3']] },
        ],
        Down: [
          ...asked,
          ...(await Promise.all(range(1, 40).map(async (number) => ({ out: await bytes({ number }) })))),
        ],
      },
      { upgrades },
    );
    const unary = client.call(method('Ask'), { request: { text: 'a' } });
    t.same(await unary.result(), { number: 1 });
    t.match(await unary.headers, { shard: '7' });
    t.match(await unary.trailers, { cost: '3' });
    t.equal((await unary.status).code, Code.OK);
    const stream = client.call(method('Down'), { request: {}, credit: 3 });
    t.same(await collect(stream), range(1, 40));
    // Each message crosses one byte, so the page is given one after the other.
    for (const creditBytes of [1, 30, 0]) {
      const counted = client.call(method('Down'), { request: {}, creditBytes });
      t.same(await collect(counted), range(1, 40), `${creditBytes} bytes`);
    }
    t.same(await stream.trailers, {});
    t.same(await client.call(method('Ask')).result(), { number: 1 }, 'an empty message without a request');
    // The second kind learns it from what was sent, the others from what the method takes.
    const calls = [client.call(method('Both')), client.call(method('Up')), client.call(method('Both'))];
    const sending = calls[2]?.send({ text: 'hi' }).catch(() => undefined);
    for (const call of calls) t.match(await call.status, needsSocket(relay.url));
    await sending;
  });
}

t.test('errors, metadata, cancel and deadline are what they are on a session', async (t) => {
  const item = await bytes({ number: 1, text: 'x'.repeat(64 * 1024) });
  const info = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.500s' };
  const details = await statusBytes(5, 'no such item', '1.500s');
  const forever = new Promise(() => undefined);
  const { client, upstream, relay } = await setUp(
    t,
    {
      Ask: [...asked, { status: 'NOT_FOUND', message: 'no such item', details, trailers: [['cost', '3']] }],
      Down: [...asked, { out: item, times: 10_000 }],
      Numbered: [
        ...asked,
        { out: await bytes({ number: 1 }) },
        { status: 'PERMISSION_DENIED', message: 'stop' },
      ],
      Plain: [...asked, { wait: forever }],
      Fetch: [...asked, { wait: forever }],
    },
    { metadata: () => ({ authorization: 'Bearer t', who: 'ada' }) },
  );
  const failed = client.call(method('Ask'), {
    request: {},
    metadata: { 'blob-bin': 'AAE=,Ag==', who: 'bob' },
  });
  await t.rejects(failed.result(), {
    code: Code.NOT_FOUND,
    message: 'no such item',
    details: [info],
    retryAfterMs: 2_000,
  });
  t.match(await failed.trailers, { cost: '3' });
  const sent = (await upstream.call(method('Ask'))).metadata.map(([name, value]) => `${name}: ${value}`);
  for (const line of ['authorization: Bearer t', 'who: bob']) t.ok(sent.includes(line), line);
  t.match(await client.call(method('Ask'), { request: { nonsense: 1 } }).status, {
    code: Code.INVALID_ARGUMENT,
    message: /nonsense/,
  });
  t.match(await client.call(method('Ask'), { request: {}, metadata: { 'grpc-timeout': '1S' } }).status, {
    code: Code.INVALID_ARGUMENT,
    message: /grpc-timeout/,
  });

  const late = client.call(method('Numbered'), { request: {} });
  t.same((await late.messages.next()).value, { number: 1 });
  await t.rejects(late.messages.next(), { code: Code.PERMISSION_DENIED, message: 'stop' });

  const slow = client.call(method('Down'), { request: {}, credit: 2 });
  await slow.messages.next();
  const service = await upstream.call(method('Down'));
  const written = await settled(() => service.accepted);
  t.ok(written < 5_000, `a page that takes nothing stops the service: ${written} written`);
  slow.cancel();
  t.equal((await slow.status).code, Code.CANCELLED);
  await service.over;
  t.ok(service.cancelled);

  const timed = client.call(method('Plain'), { request: {}, timeoutMs: 200 });
  t.equal((await timed.status).code, Code.DEADLINE_EXCEEDED);
  await (await upstream.call(method('Plain'))).over;
  const open = client.call(method('Fetch'), { request: {} });
  await upstream.call(method('Fetch'));
  client.close();
  t.match(await open.status, { code: Code.CANCELLED, message: /client was closed/ });
  t.ok(
    relay.heads.every((head) => !/^upgrade:/im.test(head)),
    'no handshake passed',
  );
});

t.test('a stream goes on through breaks, from HTTP to HTTP and to WebSockets that are back', async (t) => {
  const out = new Map(
    await Promise.all(
      range(1, 300).map(async (number) => [number, await bytes({ number, text: `~ ä ${number}` })] as const),
    ),
  );
  let calls = 0;
  const { client, relay } = await setUp(
    t,
    {
      Numbered: () => {
        const from = calls * 100 + 1;
        calls += 1;
        return [
          ...asked,
          ...range(from, from + 99).map((number) => ({ out: out.get(number) as Uint8Array })),
          ...(from > 200 ? [] : [{ wait: new Promise(() => undefined) }]),
        ];
      },
      Both: [{ echo: true }],
    },
    { session: { fallbackRetryMs: 1, reconnectBaseMs: 1 } },
  );
  const attempts: number[] = [];
  const stream = client.call<{ number: number }>(method('Numbered'), {
    request: {},
    reconnectBaseMs: 1,
    onReconnect: ({ attempt, error }) => {
      t.equal(error.code, Code.UNAVAILABLE);
      attempts.push(attempt);
    },
  });
  const numbers: number[] = [];
  for await (const { number } of stream.messages) {
    numbers.push(number);
    t.equal(stream.cursor, `~ ä ${number}`, 'a cursor is the raw one, whatever the way');
    if (number === 100) relay.cut();
    if (number === 200) {
      relay.onUpgrade('pass');
      // Whoever needs a WebSocket waits for it when it is time to try one.
      const talk = client.call<{ text: string }>(method('Both'));
      await talk.send({ text: 'hi' });
      t.match((await talk.messages.next()).value, { text: 'hi' });
      talk.cancel();
      relay.cut();
    }
  }
  t.same(numbers, range(1, 300));
  t.same(attempts, [1, 1]);
});

t.test('a gateway that is away is no reason to fall back', async (t) => {
  const { client, relay, gateway } = await setUp(t, { Ask: [...asked, { out: await bytes({ number: 1 }) }] });
  await gateway.close();
  t.match(await client.call(method('Ask'), { request: {} }).status, {
    code: Code.UNAVAILABLE,
    message: /has not accepted the session/,
  });
  t.match(
    await client.call(method('Both'), { timeoutMs: 50 }).status,
    { code: Code.DEADLINE_EXCEEDED },
    'back-off',
  );
  t.ok(relay.accepted > 0);
});

t.test('one refused handshake is no reason either', async (t) => {
  let asks = 0;
  const { client, relay } = await setUp(
    t,
    { Both: [{ echo: true }] },
    {
      fetch: (...given) => {
        asks += 1;
        relay.onUpgrade('pass');
        return fetch(...given);
      },
    },
  );
  const talk = client.call<{ text: string }>(method('Both'));
  await talk.send({ text: 'hi' });
  t.match((await talk.messages.next()).value, { text: 'hi' });
  t.equal(asks, 1);
  talk.cancel();
});
