import { pino } from 'pino';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import {
  type ClientOptions,
  Code,
  createClient,
  type SluiceError,
} from '../../../../clients/browser/index.js';
import { type GatewayOptions, openGateway } from '../../../../gateway/index.js';
import { openCore } from '../../../../grpc-core/index.js';
import { bytes, method, openForeign, UNHURRIED } from '../../../support/foreign.js';
import { closeInTeardown } from '../../../support/given-back.js';
import { settled } from '../../../support/http.js';
import { ownPort } from '../../../support/own-port.js';
import { openRelay } from '../../relay.js';

const log = pino({ level: 'silent' });
const service = 'streaming.StreamingService';

function clientOf(t: Test, baseUrl: string, options: ClientOptions = {}) {
  const client = createClient({ baseUrl, WebSocket, ...options });
  t.teardown(() => client.close());
  return client;
}

async function startCore(t: Test, dataDir = t.testdir(), listen = '127.0.0.1:0') {
  const core = await openCore({ listen, dataDir, dataIntervalMs: 2, graceMs: 100, log });
  t.teardown(() => core.close());
  return core;
}

async function startGateway(t: Test, upstream: string, options: Partial<GatewayOptions> = {}) {
  const gateway = await openGateway({
    upstream,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    graceMs: 500,
    log,
    ...options,
    limits: { ...UNHURRIED, ...options.limits },
  });
  closeInTeardown(t, gateway);
  return gateway;
}

async function failureOf(pending: PromiseLike<unknown>): Promise<SluiceError> {
  try {
    await pending;
  } catch (error) {
    return error as SluiceError;
  }
  throw new Error('it did not fail');
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

t.test('all kinds of methods over one session', async (t) => {
  const gateway = await startGateway(t, (await startCore(t)).address);
  const relay = await openRelay(t, gateway.url);
  const client = clientOf(t, relay.url);

  await t.test('unary: an answer, metadata, and errors with their codes', async (t) => {
    const call = client.call(`${service}/GetStockQuote`, { request: { symbol: 'AAPL' }, timeoutMs: 5000 });
    t.match(await call.result(), { symbol: 'AAPL', price: Number });
    t.equal((await call.status).code, Code.OK);
    t.match(await call.headers, {});
    // Without a request: an empty message, and the service's own word on it.
    t.match(await failureOf(client.call(`${service}/GetStockQuote`).result()), {
      code: Code.INVALID_ARGUMENT,
      message: /symbol/,
    });
    for (const [name, request, error] of [
      ['GetStockQuote', { symbol: '' }, { code: Code.INVALID_ARGUMENT, message: /symbol/ }],
      ['GetStockQuote', { nonsense: 1 }, { code: Code.INVALID_ARGUMENT, message: /nonsense/ }],
      ['NoSuchMethod', {}, { code: Code.UNIMPLEMENTED }],
    ] as const) {
      t.match(await failureOf(client.call(`${service}/${name}`, { request }).result()), error);
    }
    const odd = client.call(`${service}/GetStockQuote`, { request: {}, metadata: { 'grpc-timeout': '1S' } });
    t.match(await failureOf(odd.result()), { code: Code.INVALID_ARGUMENT, message: /grpc-timeout/ });
    const cursor = client.call(`${service}/GetStockQuote`, { request: {}, cursor: '1' });
    t.match(await cursor.status, { code: Code.INVALID_ARGUMENT });
  });

  await t.test('server stream: every message once, also from a cursor', async (t) => {
    for (const credit of [1, 2, 16, 1000]) {
      const call = client.call<{ id: number }>(`${service}/ControlledStream`, {
        request: { startFromId: 10 },
        credit,
      });
      const ids: number[] = [];
      for await (const { id } of call.messages) ids.push(id);
      t.same(ids, range(11, 110), `credit ${credit}`);
      t.equal(call.cursor, '110');
    }
    const after = client.call<{ id: number }>(`${service}/GetDataStream`, { request: {}, cursor: '500' });
    t.equal((await after.messages.next()).value?.id, 501);
    after.cancel();
  });

  await t.test('client stream: a file in many messages; a wrong field is named', async (t) => {
    const call = client.call(`${service}/UploadFile`);
    await call.send({ data: 'aGVs', filePath: 'hello.txt' });
    for (let piece = 0; piece < 300; piece += 1) await call.send({ data: 'bG8=' });
    await call.end();
    t.match(await call.result(), { fileId: 'hello.txt', totalBytes: '603' });
    const wrong = client.call(`${service}/UploadFile`);
    await wrong.send({ dada: '' });
    t.match(await failureOf(wrong.result()), { code: Code.INVALID_ARGUMENT, message: /dada/ });
  });

  await t.test('bidi: two people in a room, on one socket', async (t) => {
    const ada = client.call<{ message?: string }>(`${service}/Chat`);
    const bob = client.call<{ message?: string }>(`${service}/Chat`);
    const hear = async (call: typeof ada, text: string) => {
      for (;;) {
        const { done, value } = await call.messages.next();
        if (done) throw new Error('the room was closed');
        if (value.message === text) return;
      }
    };
    await ada.send({ roomId: 'r', userId: 'ada', message: 'anybody here?' });
    await hear(ada, 'anybody here?');
    await bob.send({ roomId: 'r', userId: 'bob', message: 'yes' });
    await hear(ada, 'yes');
    await ada.end();
    for await (const _ of ada.messages);
    t.equal((await ada.status).code, Code.OK, 'a half-close ends the call with OK');
    bob.cancel();
    t.equal((await bob.status).code, Code.CANCELLED);
  });
  t.equal(relay.accepted, 1);

  await t.test('more calls than one session may have', async (t) => {
    const calls = range(1, 250).map(() =>
      client.call(`${service}/StreamLogs`, { request: { follow: true } }),
    );
    for (const call of calls) await call.headers;
    t.equal(relay.accepted, 3);
    for (const call of calls) call.cancel();
    for (const call of calls) t.equal((await call.status).code, Code.CANCELLED);
    const quote = client.call(`${service}/GetStockQuote`, { request: { symbol: 'AAPL' } });
    t.match(await quote.result(), { symbol: 'AAPL' });
  });
});

t.test('a gateway that shuts down: the stream moves to another one without an error', async (t) => {
  const core = await startCore(t);
  const limits = { retryMs: 20 };
  const first = await startGateway(t, core.address, { limits, graceMs: 4000 });
  const second = await startGateway(t, core.address, { limits });
  const relay = await openRelay(t, first.url);
  const client = clientOf(t, relay.url);
  const call = client.call<{ id: number }>(`${service}/GetDataStream`, {
    request: {},
    onReconnect: ({ error }) => t.fail(`noticed: ${error.message}`),
  });
  const ids: number[] = [];
  let left: Promise<unknown> = Promise.resolve();
  for await (const { id } of call.messages) {
    ids.push(id);
    if (id === 1100) {
      relay.pointTo(second.url);
      left = first.close();
    }
    if (id === 1500) break;
  }
  await left;
  t.same(ids, range(1, 1500));
  t.equal(relay.accepted, 2);
});

t.test('a connection that breaks, again and again: no message is lost, none comes twice', async (t) => {
  const core = await startCore(t);
  const gateway = await startGateway(t, core.address);
  const relay = await openRelay(t, gateway.url);
  const client = clientOf(t, relay.url, { session: { reconnectBaseMs: 20 } });
  const reconnects: SluiceError[] = [];
  const call = client.call<{ id: number }>(`${service}/GetDataStream`, {
    request: {},
    reconnectBaseMs: 20,
    onReconnect: ({ error }) => reconnects.push(error),
  });
  const other = client.call(`${service}/Chat`);
  const ids: number[] = [];
  for await (const { id } of call.messages) {
    ids.push(id);
    if (id % 300 === 0) relay.cut();
    if (id === 1400) break;
  }
  t.same(ids, range(1, 1400));
  t.same(
    reconnects.map(({ code }) => code),
    Array(4).fill(Code.UNAVAILABLE),
  );
  t.equal((await other.status).code, Code.UNAVAILABLE, 'what cannot resume is told');
});

t.test('a core that is restarted behind the gateway costs no message', async (t) => {
  const dataDir = t.testdir();
  const core = await startCore(t, dataDir, `127.0.0.1:${await ownPort()}`);
  const gateway = await startGateway(t, core.address);
  const client = clientOf(t, gateway.url);
  const call = client.call<{ id: number }>(`${service}/GetDataStream`, {
    request: {},
    reconnectBaseMs: 200,
    reconnectMaxMs: 1000,
    maxReconnects: 20,
  });
  const ids: number[] = [];
  let replaced: Promise<unknown> = Promise.resolve();
  for await (const { id } of call.messages) {
    ids.push(id);
    if (id === 1100) replaced = core.close().then(() => startCore(t, dataDir, core.address));
    if (id === 1300) break;
  }
  await replaced;
  t.same(ids, range(1, 1300));
});

t.test(
  'a page that takes nothing stops the service within its credit and what the gateway holds',
  async (t) => {
    const total = 100_000;
    const text = 'x'.repeat(64 * 1024);
    const item = await bytes({ text });
    const { url, upstream } = await openForeign(t, { Down: [{ in: 'end' }, { out: item, times: total }] });
    const client = clientOf(t, url);
    const credit = 4;
    const call = client.call(method('Down'), { request: {}, credit });
    // In messages of 64 KiB: what is read ahead (at most 64 KiB) and the message being written in the gateway, a window of at most 1 MiB, and the 16 that the
    // service's own library takes before it says that it is full.
    const held = 1 + 1 + 16 + 16;
    const scripted = await upstream.call(method('Down'));
    let taken = 0;
    for (const more of [1, 30, 30]) {
      for (let n = 0; n < more; n += 1) {
        await call.messages.next();
        taken += 1;
      }
      // Only to show that nothing happens.
      const before = await settled(() => scripted.accepted);
      t.ok(before >= taken && before <= taken + credit + held, `${before} written, ${taken} taken`);
    }
    call.cancel();
    await scripted.over;
    t.ok(scripted.cancelled, 'cancelling while stalled ends the call at the service');
  },
);

t.test('what a policy for slow readers leaves out is told', async (t) => {
  const total = 2000;
  const items = await Promise.all(
    range(1, total).map(async (number) => ({ out: await bytes({ number, text: 'x'.repeat(1000) }) })),
  );
  const down = method('Down');
  const { url, upstream } = await openForeign(
    t,
    { Down: [{ in: 'end' }, ...items] },
    { config: { methods: { [down.slice(1)]: { slowReader: { policy: 'drop-oldest', maxMessages: 10 } } } } },
  );
  const client = clientOf(t, url);
  const told: number[] = [];
  const call = client.call<{ number: number }>(down, {
    request: {},
    credit: 4,
    onDropped: (count) => told.push(count),
  });
  await (await upstream.call(down)).over;
  const taken: number[] = [];
  for await (const { number } of call.messages) taken.push(number);
  t.same(taken.slice(0, 4), range(1, 4), 'what there was credit for');
  t.equal(taken.at(-1), total, 'the newest are kept');
  t.equal(
    call.dropped,
    told.reduce((sum, count) => sum + count, 0),
  );
  t.equal(taken.length + call.dropped, total, 'every message is taken or told');
});

t.test('a service that takes nothing stops the sender, and neighbours do not feel it', async (t) => {
  let go: (value?: unknown) => void = () => undefined;
  const wait = new Promise((resolve) => {
    go = resolve;
  });
  const { url, upstream } = await openForeign(t, {
    Up: [{ wait }, { in: 'end' }, { out: await bytes({ number: 7 }) }],
    Both: [{ echo: true }],
  });
  const client = clientOf(t, url);
  const call = client.call(method('Up'));
  const text = 'x'.repeat(64 * 1024);
  const total = 600;
  let sent = 0;
  const sending = (async () => {
    for (; sent < total; sent += 1) await call.send({ text });
    await call.end();
  })();
  await settled(() => sent);
  t.ok(sent < total, `${sent} of ${total} messages left while the service took none`);
  const echo = client.call<{ text: string }>(method('Both'));
  for (const one of ['a', 'b', 'c']) {
    await echo.send({ text: one });
    t.equal((await echo.messages.next()).value?.text, one);
  }
  await echo.end();
  t.equal((await echo.status).code, Code.OK);
  go();
  await sending;
  t.match(await call.result(), { number: 7 });
  t.equal((await upstream.call(method('Up'))).received.length, total);
});

t.test(
  'a page of an origin that is not allowed learns it with each call, at once and by its text',
  async (t) => {
    const { gateway } = await openForeign(t, { Ask: [{ in: 'end' }, { out: await bytes({ text: 'yes' }) }] });
    let sockets = 0;
    class PageSocket extends WebSocket {
      constructor(url: string, protocol?: string) {
        super(url, protocol, { origin: 'https://evil.example' });
        sockets += 1;
      }
    }
    // With any waiting at all this test would not end.
    const session = { reconnectBaseMs: 2 ** 30, reconnectMaxMs: 2 ** 30 };
    const client = clientOf(t, gateway.url, { WebSocket: PageSocket, session });
    for (let calls = 1; calls <= 4; calls += 1) {
      const name = method(calls % 2 === 0 ? 'Ask' : 'Numbered').slice(1);
      const call = client.call(name, {
        request: {},
        reconnectBaseMs: 2 ** 30,
        cursor: calls === 3 ? 'a' : '',
      });
      const error = await failureOf(call.result());
      t.equal(error.code, Code.PERMISSION_DENIED);
      t.equal(error.message, 'origin https://evil.example is not allowed: see --allow-origin');
      t.equal(sockets, calls, 'one try a call');
    }
    const together = Array.from({ length: 20 }, () =>
      failureOf(client.call(method('Ask').slice(1), { request: {} }).result()),
    );
    for (const error of await Promise.all(together)) t.equal(error.code, Code.PERMISSION_DENIED);
  },
);
