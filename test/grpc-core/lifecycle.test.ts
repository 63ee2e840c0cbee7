import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Client, credentials, makeClientConstructor, type ServiceError, status } from '@grpc/grpc-js';
import t from 'tap';
import { type CoreOptions, openCore } from '../../grpc-core/index.js';
import { quiet } from '../support/quiet.js';
import { clientDefinition } from './client-definition.js';
import { clientOf, recordingLog, startCore, temporaryFolder, until } from './core-fixture.js';
import { statusOf } from './rpc/rpc-fixture.js';

interface HealthClient extends Client {
  Check(request: object, callback: (error: ServiceError | null, value?: { status: string }) => void): void;
  Watch(request: object): NodeJS.ReadableStream & Parameters<typeof statusOf>[0];
  List(request: object, callback: (error: ServiceError | null, value?: object) => void): void;
}

function healthOf(t: Parameters<typeof startCore>[0], address: string): HealthClient {
  const Health = makeClientConstructor(
    clientDefinition('grpc/health/v1/health.proto', 'grpc.health.v1.Health'),
    'Health',
  );
  const client = new Health(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  t.teardown(() => client.close());
  return client as unknown as HealthClient;
}

t.test('the real address is told, in IPv6 too', async (t) => {
  for (const [listen, expected] of [
    ['127.0.0.1:0', /^127\.0\.0\.1:[1-9]\d+$/],
    ['localhost:0', /^localhost:[1-9]\d+$/],
    ['[::1]:0', /^\[::1\]:[1-9]\d+$/],
  ] as const) {
    const { core, client, lines } = await startCore(t, { listen }).catch((error: unknown) => {
      if (listen.startsWith('[') && String(error).includes('address'))
        return { core: undefined, client: undefined, lines: [] };
      throw error;
    });
    if (core === undefined || client === undefined) {
      t.comment('this machine has no IPv6 loopback');
      continue;
    }
    t.match(core.address, expected);
    t.match(lines[0], { msg: 'core listening', address: core.address });
    const error = await new Promise((resolve) => client.GetStockQuote({ symbol: 'AAPL' }, resolve));
    t.equal(error, null);
  }
});

const bad: ReadonlyArray<readonly [option: Partial<CoreOptions>, message: RegExp]> = [
  [{ listen: '50051' }, /^listen: must be host:port/],
  [{ listen: '' }, /^listen: must be host:port/],
  [{ listen: '127.0.0.1:65536' }, /^listen: a port is at most 65535/],
  [{ listen: '::1:0' }, /^listen: must be host:port/],
  [{ dataDir: '' }, /^dataDir: must not be empty/],
  [{ graceMs: -1 }, /^graceMs: must be an integer from 0/],
  [{ graceMs: Number.NaN }, /^graceMs: /],
  [{ dataIntervalMs: 0 }, /^dataIntervalMs: /],
  [{ dataIntervalMs: 0.5 }, /^dataIntervalMs: /],
  [{ maxUploadBytes: -1 }, /^maxUploadBytes: /],
  [{ logRetain: 0 }, /^logRetain: /],
  [{ dataRetain: 0 }, /^dataRetain: /],
  [{ maxConnectionAgeMs: 2 ** 31 }, /^maxConnectionAgeMs: /],
  [{ keepaliveMs: 1 }, /^keepaliveMs: /],
];
for (const [option, message] of bad) {
  t.test(`a wrong option is named: ${JSON.stringify(option)}`, async (t) => {
    const { log } = recordingLog();
    const dataDir = await temporaryFolder(t);
    await t.rejects(openCore({ listen: '127.0.0.1:0', dataDir, log, ...option }), {
      name: 'RangeError',
      message,
    });
    t.strictSame(await readdir(dataDir), [], 'nothing was touched');
  });
}

t.test('what stands in the way of a start is one clear line, and leaves nothing open', async (t) => {
  const { log } = recordingLog();
  const { core, dataDir } = await startCore(t);
  const other = await temporaryFolder(t);
  for (let i = 0; i < 2; i += 1) {
    // Twice: the first must have given the store of `other` back.
    await t.rejects(openCore({ listen: core.address, dataDir: other, log }), {
      message: `cannot listen on ${core.address}: the port is taken`,
    });
  }
  await t.rejects(openCore({ listen: '127.0.0.1:0', dataDir, log }), {
    message: `the store in ${join(dataDir, '.sluice', 'store')} is in use by another process`,
  });
  const file = join(other, 'file');
  await writeFile(file, '');
  await t.rejects(openCore({ listen: '127.0.0.1:0', dataDir: file, log }), {
    message: `cannot write to the data directory ${file}: ENOTDIR`,
  });
  await t.rejects(openCore({ listen: '192.0.2.1:0', dataDir: other, log }), {
    message: 'cannot listen on 192.0.2.1:0: this machine does not have that address',
  });
});

t.test('a second core on the same directory does not take the uploads of the first', async (t) => {
  const { log } = recordingLog();
  const { core, client, dataDir } = await startCore(t);
  const result = new Promise((resolve, reject) => {
    const call = client.UploadFile((error, value) => (error ? reject(error) : resolve(value?.total_bytes)));
    call.write({ data: Buffer.from('abc'), file_path: 'x' });
    void until(() => core.runningCalls === 1)
      .then(() => openCore({ listen: '127.0.0.1:0', dataDir, log }))
      .catch(() => call.end());
  });
  t.equal(await result, '3');
});

t.test(
  'health says SERVING, and NOT_SERVING first when the core closes; a watch does not use up the grace',
  async (t) => {
    const { core } = await startCore(t, { graceMs: 20_000 });
    const health = healthOf(t, core.address);
    const check = (service: string): Promise<unknown> =>
      new Promise((resolve) =>
        health.Check({ service }, (error, value) => resolve(error?.code ?? value?.status)),
      );
    t.equal(await check(''), 'SERVING');
    t.equal(await check('streaming.StreamingService'), 'SERVING');
    t.equal(await check('other.Service'), status.NOT_FOUND);
    t.strictSame(await new Promise((resolve) => health.List({}, (_error, value) => resolve(value))), {
      statuses: { '': { status: 'SERVING' }, 'streaming.StreamingService': { status: 'SERVING' } },
    });
    const unknown: string[] = [];
    const other = health.Watch({ service: 'other.Service' });
    const otherEnding = statusOf(other);
    other.on('data', ({ status }: { status: string }) => unknown.push(status));
    const seen: string[] = [];
    const watch = health.Watch({ service: 'streaming.StreamingService' });
    const ending = statusOf(watch);
    watch.on('data', ({ status }: { status: string }) => seen.push(status));
    await until(() => seen.length === 1 && unknown.length === 1);
    const started = Date.now();
    await core.close();
    t.ok(Date.now() - started < 10_000);
    for (const end of [await ending, await otherEnding]) {
      t.match(end, { code: status.UNAVAILABLE, details: 'the core is shutting down' });
    }
    t.strictSame(seen, ['SERVING', 'NOT_SERVING']);
    t.strictSame(unknown, ['SERVICE_UNKNOWN'], 'what is not known does not stop serving');
  },
);

t.test('closing ends every kind of stream with UNAVAILABLE, and leaves no port, call or lock', async (t) => {
  const dataDir = await temporaryFolder(t);
  const { core, client } = await startCore(t, { dataDir, graceMs: 20_000 });
  const streams = [
    client.GetStockPrices({ symbols: ['AAPL'] }),
    client.StreamLogs({ follow: true }),
    client.GetDataStream({}),
    client.BufferedStream({ start_from_id: 1000 }),
    client.Chat(),
    client.GameSession(),
    client.CollaborativeEdit(),
  ];
  const endings = streams.map((stream) => statusOf(stream));
  for (const stream of streams) stream.resume();
  const upload = client.UploadFile(() => {});
  for (const call of [upload, client.CollectSensorData(() => {}), client.ProcessBatch(() => {})]) {
    endings.push(statusOf(call));
  }
  upload.write({ data: Buffer.from('x') });
  await until(() => core.runningCalls === 10);
  const started = Date.now();
  await Promise.all([core.close(), core.close()]);
  t.ok(Date.now() - started < 10_000, 'long before the grace is over');
  for (const ending of await Promise.all(endings)) {
    t.match(ending, { code: status.UNAVAILABLE, details: 'the core is shutting down' });
  }
  t.equal(core.runningCalls, 0);
  t.strictSame(await readdir(join(dataDir, '.sluice', 'uploads')), []);
  const port = Number(core.address.split(':')[1]);
  const refused = await new Promise((resolve) => {
    connect(port, '127.0.0.1')
      .on('connect', () => resolve(false))
      .on('error', () => resolve(true));
  });
  t.equal(refused, true);
  await startCore(t, { dataDir });
});

t.test('a reader that has stopped cannot hold up the end beyond the grace', async (t) => {
  const { core, client } = await startCore(t, { graceMs: 300, dataIntervalMs: 1 });
  const call = client.GetDataStream({});
  const ending = statusOf(call);
  call.pause();
  await until(() => core.runningCalls === 1);
  await quiet(100);
  const started = Date.now();
  await core.close();
  t.ok(Date.now() - started < 5000);
  call.resume();
  t.not((await ending).code, status.OK);
});

t.test('an upload of a killed core is not there, and what it stored is', async (t) => {
  const dataDir = await temporaryFolder(t);
  await mkdir(join(dataDir, '.sluice', 'uploads'), { recursive: true });
  await writeFile(join(dataDir, '.sluice', 'uploads', 'half'), 'half a file');
  await startCore(t, { dataDir });
  t.strictSame(await readdir(join(dataDir, '.sluice', 'uploads')), []);
});

t.test('a message of 4 MiB of data fits, a larger one is RESOURCE_EXHAUSTED', async (t) => {
  const { core } = await startCore(t);
  const client = clientOf(t, core.address);
  const upload = (size: number): Promise<unknown> =>
    new Promise((resolve) => {
      const call = client.UploadFile((error, value) => resolve(error?.code ?? value?.total_bytes));
      call.write({ data: Buffer.alloc(size), file_path: 'x' });
      call.end();
    });
  t.equal(await upload(4 * 1024 * 1024), String(4 * 1024 * 1024));
  t.equal(await upload(5 * 1024 * 1024), status.RESOURCE_EXHAUSTED);
});

t.test('an old connection is asked to go, and its streams have the grace', async (t) => {
  const { client } = await startCore(t, { maxConnectionAgeMs: 200, graceMs: 300 });
  const call = client.GetDataStream({});
  const ending = statusOf(call);
  call.on('data', () => {});
  t.not((await ending).code, status.OK);
  let error: unknown;
  // On a machine that stands still the new connection may be old, too, before the call is through.
  for (let tries = 0; tries < 5 && error !== null; tries += 1) {
    error = await new Promise((resolve) => client.GetStockQuote({ symbol: 'AAPL' }, resolve));
  }
  t.equal(error, null, 'the next call takes a new connection');
});
