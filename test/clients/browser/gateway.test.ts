import { pino } from 'pino';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { Code, createClient, type SluiceError } from '../../../clients/browser/index.js';
import { openGateway, schemaFromProtoFiles } from '../../../gateway/index.js';
import { openCore } from '../../../grpc-core/index.js';
import { closeInTeardown } from '../../support/given-back.js';
import { settled } from '../../support/http.js';
import { ownPort } from '../../support/own-port.js';
import { echoProto, openEchoService } from '../playground/echo-service.js';

const log = pino({ level: 'silent' });
const service = 'streaming.StreamingService';

async function startGateway(t: Test, upstream: string, listen = '127.0.0.1:0') {
  const gateway = await openGateway({ upstream, listen, adminListen: '127.0.0.1:0', graceMs: 500, log });
  closeInTeardown(t, gateway);
  return { ...gateway, client: createClient({ baseUrl: gateway.url, WebSocket }), close: gateway.close };
}

async function startBoth(t: Test, coreAddress = '127.0.0.1:0', gatewayAddress = '127.0.0.1:0') {
  const dataDir = t.testdir();
  const core = await openCore({ listen: coreAddress, dataDir, dataIntervalMs: 2, graceMs: 100, log });
  t.teardown(() => core.close());
  return { core, dataDir, gateway: await startGateway(t, core.address, gatewayAddress) };
}

async function failureOf(pending: PromiseLike<unknown>): Promise<SluiceError> {
  try {
    await pending;
  } catch (error) {
    return error as SluiceError;
  }
  throw new Error('it did not fail');
}

/** Takes whatever comes until the end. */
async function drain(messages: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of messages) count += 1;
  return count;
}

t.test('all kinds of methods through the gateway', async (t) => {
  const { client } = (await startBoth(t)).gateway;

  await t.test('unary: an answer, trailers, and an error with its code', async (t) => {
    const quote = await client.unary(`${service}/GetStockQuote`, { symbol: 'AAPL' }, { timeoutMs: 5000 });
    t.match(quote, { symbol: 'AAPL', price: Number });
    t.match(await failureOf(client.unary(`${service}/GetStockQuote`, { symbol: '' })), {
      code: Code.INVALID_ARGUMENT,
      message: /symbol/,
      httpStatus: 400,
    });
    t.match(await failureOf(client.unary(`${service}/NoSuchMethod`, {})), { httpStatus: 404 });
    t.match(await failureOf(client.unary(`${service}/GetStockQuote`, { nonsense: 1 })), {
      code: Code.INVALID_ARGUMENT,
      message: /nonsense/,
    });
  });

  await t.test('server stream: messages with cursors, then a clean end', async (t) => {
    const stream = client.serverStream<{ id: number }>(`${service}/ControlledStream`, { startFromId: 10 });
    const ids: number[] = [];
    for await (const { id } of stream) ids.push(id);
    t.same(
      ids,
      Array.from({ length: 100 }, (_, at) => at + 11),
    );
    t.equal(stream.lastEventId, '110');
    const after = client.serverStream<{ id: number }>(`${service}/GetDataStream`, {}, { lastEventId: '500' });
    t.equal((await after.next()).value?.id, 501, 'a cursor of ours is where it goes on');
    await after.return?.();
  });

  await t.test('server stream: an error of the service', async (t) => {
    const stream = client.serverStream(`${service}/GetStockPrices`, { symbols: [] });
    t.match(await failureOf(stream.next()), { code: Code.INVALID_ARGUMENT, message: /symbols/ });
  });

  await t.test('client stream: a file in two messages', async (t) => {
    const socket = client.socket(`${service}/UploadFile`);
    await socket.send({ data: 'aGVs', filePath: 'hello.txt' });
    await socket.send({ data: 'bG8=' });
    await socket.halfClose();
    t.match(await socket.result(), { fileId: 'hello.txt', totalBytes: '5' });
  });

  await t.test('client stream: a message with a wrong field names it', async (t) => {
    const socket = client.socket(`${service}/UploadFile`);
    await socket.send({ dada: '' });
    t.match(await failureOf(socket.next()), { code: Code.INVALID_ARGUMENT, message: /dada/ });
  });

  await t.test('bidi: two people in a room', async (t) => {
    const ada = client.socket<{ message?: string }>(`${service}/Chat`);
    const bob = client.socket<{ message?: string }>(`${service}/Chat`);
    const hear = async (socket: typeof ada, text: string) => {
      for (;;) {
        const { done, value } = await socket.next();
        if (done) throw new Error('the room was closed');
        if (value.message === text) return;
      }
    };
    await ada.send({ roomId: 'r', userId: 'ada', message: 'anybody here?' });
    await hear(ada, 'anybody here?');
    await bob.send({ roomId: 'r', userId: 'bob', message: 'yes' });
    await hear(ada, 'yes');
    await ada.send({ roomId: 'r', userId: 'ada', message: 'good' });
    await hear(bob, 'good');
    await ada.halfClose();
    for await (const _ of ada);
    t.pass('a half-close ends the call with OK');
    bob.close();
    t.equal((await failureOf(drain(bob))).code, Code.CANCELLED);
  });
});

t.test('a gateway that drains and is replaced costs no message', async (t) => {
  const address = `127.0.0.1:${await ownPort()}`;
  const { core, gateway } = await startBoth(t, undefined, address);
  const reconnects: string[] = [];
  const stream = gateway.client.serverStream<{ id: number }>(
    `${service}/GetDataStream`,
    {},
    {
      reconnectBaseMs: 100,
      reconnectMaxMs: 500,
      maxReconnects: 20,
      onReconnect: ({ error }) => reconnects.push(error.message),
    },
  );
  const ids: number[] = [];
  let replaced: Promise<unknown> = Promise.resolve();
  for await (const { id } of stream) {
    ids.push(id);
    // The first thousand were there; from here on they come as they are made.
    if (id === 1100) replaced = gateway.close().then(() => startGateway(t, core.address, address));
    if (id === 1500) break;
  }
  await replaced;
  t.same(
    ids,
    Array.from({ length: 1500 }, (_, at) => at + 1),
  );
  t.ok(reconnects.length > 0, reconnects.join('; '));
});

t.test('a core that is restarted behind the gateway costs no message', async (t) => {
  const { core, dataDir, gateway } = await startBoth(t, `127.0.0.1:${await ownPort()}`);
  const stream = gateway.client.serverStream<{ id: number }>(
    `${service}/GetDataStream`,
    {},
    { reconnectBaseMs: 200, reconnectMaxMs: 1000, maxReconnects: 20 },
  );
  const ids: number[] = [];
  let replaced: Promise<unknown> = Promise.resolve();
  for await (const { id } of stream) {
    ids.push(id);
    if (id === 1100) {
      replaced = core.close().then(async () => {
        const next = await openCore({
          listen: core.address,
          dataDir,
          dataIntervalMs: 2,
          graceMs: 100,
          log,
        });
        closeInTeardown(t, next);
      });
    }
    if (id === 1400) break;
  }
  await replaced;
  t.same(
    ids,
    Array.from({ length: 1400 }, (_, at) => at + 1),
  );
});

t.test('a drained socket is UNAVAILABLE', async (t) => {
  const { gateway } = await startBoth(t);
  const socket = gateway.client.socket(`${service}/Chat`);
  await socket.send({ roomId: 'r', userId: 'ada', message: 'hello' });
  await socket.next();
  const closing = gateway.close();
  const error = await failureOf(
    (async () => {
      for await (const _ of socket);
    })(),
  );
  t.equal(error.code, Code.UNAVAILABLE);
  await closing;
});

t.test('a slow reader pauses the service, one that leaves cancels its call', async (t) => {
  const echo = await openEchoService();
  t.teardown(() => echo.close());
  const gateway = await openGateway({
    upstream: echo.address,
    schema: await schemaFromProtoFiles([echoProto]),
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    log,
  });
  closeInTeardown(t, gateway);
  const client = createClient({ baseUrl: gateway.url });
  const stream = client.serverStream<{ number: string }>('demo.v1.Echo/Count', { text: 'x'.repeat(10_000) });
  await stream.next();
  const before = await settled(() => echo.seen.written);
  t.ok(before < 5000, `${before} messages of 10 kB were written while one was taken`);
  for (let number = 2; number <= before + 500; number += 1) {
    const { value } = await stream.next();
    if (value?.number !== String(number)) t.fail(`${value?.number} came instead of ${number}`);
  }
  t.ok(echo.seen.written > before);
  await stream.return?.();
  await echo.until(() => echo.seen.cancelled > 0);
  t.equal(echo.seen.cancelled, 1);
});
