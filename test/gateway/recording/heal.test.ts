import { setTimeout as delay } from 'node:timers/promises';
import { Server, ServerCredentials, type ServerWritableStream } from '@grpc/grpc-js';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { type Gateway, type GatewayOptions, openGateway } from '../../../gateway/index.js';
import { openCore } from '../../../grpc-core/index.js';
import { closeInTeardown } from '../../support/given-back.js';
import { http, open, until } from '../../support/http.js';
import {
  askIn,
  BREAKS,
  type Break,
  itemOf,
  NUMBERED_PROTO,
  openNumbered,
  type Plan,
} from '../../support/numbered.js';
import { NUMBERED_CLIENTS, type NumberedClient } from '../../support/numbered-clients.js';
import { ownPort } from '../../support/own-port.js';
import { schemaFromText } from '../schema/schema-from-text.js';

// Streams with cursors that break at the service go on, on every surface, with each message once.

t.setTimeout(120_000);

async function openFor(t: Test, upstream: string, options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  const gateway = await openGateway({
    upstream,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    schema: await schemaFromText(t, NUMBERED_PROTO),
    log: pino({ level: 'silent' }),
    graceMs: 1_000,
    ...options,
  });
  closeInTeardown(t, gateway);
  return gateway;
}

/** How many streams went on, and how many did not. */
async function heals({ adminUrl }: Gateway): Promise<Record<string, number>> {
  const { text } = await http(`${adminUrl}/metrics`);
  const lines = text.matchAll(/^sluice_heals_total\{method="t\.S\/Numbers",result="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, result, count]) => [result, Number(count)]));
}

const AS_IS = {
  requestSerialize: (bytes: Buffer) => bytes,
  requestDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: (bytes: Buffer) => bytes,
  responseDeserialize: (bytes: Buffer) => bytes,
};

const COUNT = 4;
const ALL = Array.from({ length: COUNT }, (_, index) => index + 1);

/** Each call breaks once, as its metadata says. */
const once = (): Plan => {
  const seen = new Set<string>();
  return ({ headers }) => {
    const { cell, how, at } = headers;
    if (seen.has(String(cell))) return undefined;
    seen.add(String(cell));
    return { at: Number(at), how: how as (typeof BREAKS)[number] };
  };
};

/** Everything at once on one gateway; what breaks a connection breaks all streams on it, so each surface has a gateway of its own there. */
const ONE = NUMBERED_CLIENTS[1] as NumberedClient;
const SHARED = BREAKS.filter((how) => how !== 'goaway' && how !== 'connection');

t.test('a stream that breaks at any message goes on, on every surface', async (t) => {
  const service = await openNumbered(t, once());
  const gateway = await openFor(t, service.target);
  const cells: Promise<void>[] = [];
  // Each surface at each message, and each break at each message.
  for (let at = 0; at <= COUNT; at += 1) {
    for (const [index, client] of NUMBERED_CLIENTS.entries())
      cells.push(plays(t, client, gateway, SHARED[(index + at) % SHARED.length] as Break, at));
    for (const how of SHARED) cells.push(plays(t, { ...ONE, name: 'each break' }, gateway, how, at));
  }
  await Promise.all(cells);
  t.same(await heals(gateway), { healed: cells.length, failed: 0, cancelled: 0 }, 'each is counted');
  await until(t, 'nothing left at the service', () => service.open === 0);
});

t.test('so does one whose connection breaks', async (t) => {
  await Promise.all(
    NUMBERED_CLIENTS.map(async (client) => {
      const service = await openNumbered(t, once());
      const gateway = await openFor(t, service.target);
      for (let at = 0; at <= COUNT; at += 1) {
        // Not GOAWAY before the service has said anything: that is tried twice, within 150 ms, which is not enough on every machine.
        await plays(t, client, gateway, at % 2 === 0 ? 'connection' : 'goaway', at);
      }
      t.same(await heals(gateway), { healed: COUNT + 1, failed: 0, cancelled: 0 });
    }),
  );
});

async function plays(
  t: Test,
  client: NumberedClient,
  { url }: Gateway,
  how: Break,
  at: number,
): Promise<void> {
  const metadata = { cell: `${client.name} ${how} ${at}`, how, at: String(at) };
  const { ids, code } = await client.ask(t, url, { count: COUNT, metadata });
  t.same({ ids, code }, { ids: ALL, code: 0 }, metadata.cell);
}

t.test('a method without cursors is asked once, and its client hears of the break', async (t) => {
  const service = await openNumbered(t, once());
  const gateway = await openFor(t, service.target);
  await Promise.all(
    NUMBERED_CLIENTS.map(async (client) => {
      const metadata = { cell: client.name, how: 'unavailable', at: '2' };
      const { ids, code } = await client.ask(t, gateway.url, { count: COUNT, metadata, method: 'Uncounted' });
      t.same({ ids, code }, { ids: [1, 2], code: 14 }, client.name);
    }),
  );
  t.equal(service.calls.length, NUMBERED_CLIENTS.length);
});

t.test('a client that stalls stops the service, also through breaks', async (t) => {
  const text = 'x'.repeat(1_000);
  const count = 60_000;
  // Every attempt breaks.
  const service = await openNumbered(t, () => ({ at: 4_000, how: 'internal' }), text);
  const gateway = await openFor(t, service.target);
  const { response } = await open(`${gateway.url}/t.S/Numbers?count=${count}`, {
    headers: { accept: 'application/x-ndjson' },
  });
  t.teardown(() => response.destroy());
  let written = -1;
  while (written !== service.written) {
    written = service.written;
    await delay(100);
  }
  t.ok(written < 20_000, `${written} messages of 1 KB were written for a client that reads none`);
  let next = 1;
  let rest = '';
  for await (const chunk of response) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines)
      if (line !== '' && JSON.parse(line).id !== next++) return t.fail(line.slice(0, 40));
    if (next > written + 100) break;
  }
  t.ok(next > written, 'and goes on where it stood');
});

t.test('a service of grpc-js that lets no connection grow old', async (t) => {
  const server = new Server({ 'grpc.max_connection_age_ms': 300, 'grpc.max_connection_age_grace_ms': 50 });
  let calls = 0;
  server.addService(
    { numbers: { path: '/t.S/Numbers', requestStream: false, responseStream: true, ...AS_IS } },
    {
      numbers(call: ServerWritableStream<Buffer, Buffer>) {
        calls += 1;
        const { after, count } = askIn(call.request);
        let id = after;
        const timer = setInterval(() => {
          id += 1;
          if (id <= count) call.write(itemOf(id));
          else call.end();
        }, 10);
        call.on('cancelled', () => clearInterval(timer));
        call.on('close', () => clearInterval(timer));
        call.on('finish', () => clearInterval(timer));
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  t.teardown(() => server.forceShutdown());
  const gateway = await openFor(t, `127.0.0.1:${port}`);
  const count = 60;
  const ids = Array.from({ length: count }, (_, index) => index + 1);
  await Promise.all(
    NUMBERED_CLIENTS.map(async (client) => {
      const got = await client.ask(t, gateway.url, { count });
      t.same({ ids: got.ids, code: got.code }, { ids, code: 0 }, client.name);
    }),
  );
  t.ok(calls > NUMBERED_CLIENTS.length, `${calls} calls`);
});

t.test("the core's data stream goes on through cores that are stopped and started again", async (t) => {
  const port = await ownPort();
  const dataDir = t.testdir();
  const listen = `127.0.0.1:${port}`;
  const start = () =>
    openCore({ listen, dataDir, dataIntervalMs: 2, graceMs: 200, log: pino({ level: 'silent' }) });
  let core = await start();
  const gateway = await openGateway({
    upstream: listen,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    log: pino({ level: 'silent' }),
    graceMs: 1_000,
  });
  t.teardown(async () => {
    await gateway.close();
    await core.close();
  });
  const path = '/streaming.StreamingService/GetDataStream';
  const { response } = await open(gateway.url + path, {
    method: 'POST',
    headers: { accept: 'application/x-ndjson', 'content-type': 'application/json' },
    body: '{}',
  });
  const ids: number[] = [];
  let rolls = 0;
  let rest = '';
  for await (const chunk of response) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') ids.push(JSON.parse(line).id ?? line);
    if (ids.length > 1_000 + 50 * rolls && rolls < 3) {
      rolls += 1;
      await core.close();
      core = await start();
    }
    if (ids.length > 1_300) break;
  }
  t.equal(rolls, 3);
  t.same(
    ids,
    Array.from(ids, (_, index) => index + 1),
  );
});
