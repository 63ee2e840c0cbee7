import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import t, { type Test } from 'tap';
import type { GatewayOptions } from '../../../gateway/index.js';
import { bytes, type Foreign, method, openForeign, UNHURRIED } from '../../support/foreign.js';
import { http } from '../../support/http.js';
import { FIRST, httpFrom, SECOND } from '../../support/local-client.js';
import { openOf, openSession, PROTOCOLS } from '../../support/session.js';
import { connect } from '../../support/websocket.js';

t.setTimeout(60_000);

const JSON_TYPE = { 'content-type': 'application/json' };
/** An empty message in a frame of gRPC. */
const FRAME = Buffer.alloc(5);

async function openQuick(t: Test, limits: NonNullable<GatewayOptions['limits']>): Promise<Foreign> {
  const item = await bytes({ number: 1 });
  const answer = [{ in: 'end' }, { out: item }] as const;
  return await openForeign(t, { Ask: answer, Down: answer, Numbered: answer, Both: answer }, { limits });
}

const limitsOf = async (foreign: Foreign): Promise<string> => {
  const { text } = await http(`${foreign.gateway.adminUrl}/metrics`);
  return text
    .split('\n')
    .filter((line) => line.startsWith('sluice_limit_refusals_total'))
    .join('\n');
};

interface Way {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Buffer;
  readonly refused: {
    readonly status: number;
    readonly headers?: Record<string, unknown>;
    readonly text?: RegExp;
  };
}

const JSON_REFUSAL = {
  status: 429,
  headers: { 'retry-after': '1', 'grpc-status': '8', 'sluice-reason': 'RATE_LIMIT' },
  text: /"reason":"RATE_LIMIT".*"limit":"calls_per_second","flag":"--calls-per-second".*RetryInfo","retryDelay":"[01]\.\d{3}s"/,
};

const HTTP_WAYS: Readonly<Record<string, Way>> = {
  json: { path: method('Ask'), headers: JSON_TYPE, body: '{}', refused: JSON_REFUSAL },
  ndjson: { path: method('Down'), headers: JSON_TYPE, body: '{}', refused: JSON_REFUSAL },
  'sse by POST': {
    path: method('Down'),
    headers: { ...JSON_TYPE, accept: 'text/event-stream' },
    body: '{}',
    refused: JSON_REFUSAL,
  },
  'an EventSource': {
    path: method('Numbered'),
    headers: { accept: 'text/event-stream' },
    // It would never come again after any other status.
    refused: {
      status: 200,
      headers: { 'retry-after': '1' },
      text: /^event: error\nretry: \d{2,4}\ndata: .*"RATE_LIMIT"/m,
    },
  },
  'gRPC-Web': {
    path: method('Ask'),
    headers: { 'content-type': 'application/grpc-web+proto' },
    body: FRAME,
    refused: {
      status: 200,
      headers: { 'grpc-status': '8', 'sluice-reason': 'RATE_LIMIT', 'retry-after': '1' },
    },
  },
  Connect: {
    path: method('Ask'),
    headers: { ...JSON_TYPE, 'connect-protocol-version': '1' },
    body: '{}',
    refused: { status: 429, headers: { 'retry-after': '1' }, text: /"code":"resource_exhausted"/ },
  },
  'a path that is none': { path: '/none', headers: {}, refused: JSON_REFUSAL },
};

t.test(
  'who begins too many calls is refused in the form of what it speaks, and told when to come again',
  async (t) => {
    for (const [name, { path, headers, body, refused }] of Object.entries(HTTP_WAYS)) {
      const foreign = await openQuick(t, { callsPerSecond: 1 });
      const ask = { headers: JSON_TYPE, body: '{}' };
      for (let n = 0; n < 2; n++)
        t.match(await httpFrom(FIRST, foreign.url + method('Ask'), ask), { status: 200 });
      const answer = await httpFrom(FIRST, foreign.url + path, { headers, ...(body && { body }) });
      t.match(answer, refused, name);
      t.match(
        await httpFrom(SECOND, foreign.url + method('Ask'), ask),
        { status: 200 },
        'its neighbour is served',
      );
      t.match(await limitsOf(foreign), /\{limit="calls_per_second"\} 1$/m);
      t.match(
        await httpFrom(FIRST, `${foreign.url}/_sluice/services`),
        { status: 200 },
        'documents are no calls',
      );
    }
  },
);

t.test(
  'WebSockets and sessions are refused before they are opened, so reconnecting in a loop opens none',
  async (t) => {
    const foreign = await openQuick(t, { callsPerSecond: 1 });
    const from = { localAddress: FIRST };
    (await connect(foreign.wsUrl + method('Both'), from)).socket.terminate();
    (await openSession(foreign.wsUrl, 'sluice.v1.json', from)).test.socket.terminate();
    await t.rejects(connect(foreign.wsUrl + method('Both'), from), { message: 'HTTP 429' });
    await t.rejects(openSession(foreign.wsUrl, 'sluice.v1.json', from), { message: 'HTTP 429' });
    await openSession(foreign.wsUrl, 'sluice.v1.json', { localAddress: SECOND });
  },
);

t.test('each call of a session counts; those that are too many end alone', async (t) => {
  for (const protocol of PROTOCOLS) {
    const foreign = await openQuick(t, { callsPerSecond: 1, callsBurst: 3 });
    const session = await openSession(foreign.wsUrl, protocol, { localAddress: FIRST });
    await session.send(openOf(1, 'Down'), openOf(2, 'Down'), openOf(3, 'Down'));
    const frames = await session.all(3);
    t.equal(frames.length, 1, 'it was never opened');
    t.match(frames[0], {
      end: {
        status: { code: 8, message: /more than 1 calls a second from one address: see --calls-per-second/ },
      },
    });
    t.match(JSON.stringify(frames[0]), /RATE_LIMIT.*RetryInfo/);
    await session.send({ halfClose: { id: 1 } }, { halfClose: { id: 2 } });
    t.match((await session.all(1)).at(-1), { end: { status: { code: 0 } } });
    t.match((await session.all(2)).at(-1), { end: { status: { code: 0 } } });
  }
});

t.test(
  'a session that goes on opening is closed with 4429, and its neighbours are served meanwhile',
  async (t) => {
    const foreign = await openQuick(t, { callsPerSecond: 100 });
    const session = await openSession(foreign.wsUrl, 'sluice.v1.json', { localAddress: FIRST });
    let opened = 0;
    const flood = setInterval(() => {
      for (let n = 0; n < 90; n++) {
        opened += 1;
        session.test.socket.send(JSON.stringify(openOf(opened, 'Ask')));
      }
    }, 5);
    t.teardown(() => clearInterval(flood));
    const neighbour = await openSession(foreign.wsUrl, 'sluice.v1.json', { localAddress: SECOND });
    for (let id = 1; id <= 20; id++) {
      await neighbour.send(openOf(id, 'Ask'), { halfClose: { id } });
      t.match((await neighbour.all(id)).at(-1), { end: { status: { code: 0 } } });
    }
    t.match(await session.closed, { code: 4429, reason: /calls/ });
    clearInterval(flood);
    const calls = foreign.upstream.calls(method('Ask')).length;
    t.ok(calls < 600, `${calls} calls of ${opened} reached the service`);
  },
);

t.test('streams of one connection of HTTP/2 count each', async (t) => {
  const foreign = await openQuick(t, { callsPerSecond: 1, callsBurst: 5 });
  const client = connectHttp2(foreign.url);
  t.teardown(() => client.destroy());
  const statuses = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const stream = client.request({ ':method': 'POST', ':path': method('Ask'), ...JSON_TYPE });
      stream.end('{}');
      stream.resume();
      const [head] = (await once(stream, 'response')) as [Record<string, unknown>];
      return [head[':status'], head['retry-after']];
    }),
  );
  t.equal(statuses.filter(([status]) => status === 200).length, 5);
  t.same(
    statuses.filter(([status]) => status !== 200),
    Array.from({ length: 15 }, () => [429, '1']),
  );
});

t.test('clients behind a trusted proxy are clients of their own', async (t) => {
  const item = await bytes({ number: 1 });
  const foreign = await openForeign(
    t,
    { Ask: [{ in: 'end' }, { out: item }] },
    { limits: { callsPerSecond: 1, callsBurst: 1 }, trustedProxies: ['127.0.0.1'] },
  );
  const ask = async (address: string) =>
    await http(foreign.url + method('Ask'), {
      headers: { ...JSON_TYPE, 'x-forwarded-for': address },
      body: '{}',
    });
  t.match(await ask('192.0.2.1'), { status: 200 });
  const refused = await ask('192.0.2.1');
  t.match(refused, { status: 429 });
  t.notMatch(refused.text, /trusted-proxies/, 'there is nothing to name');
  t.match(await ask('192.0.2.2'), { status: 200 });
  t.match(await ask('2001:db8:0:1::1'), { status: 200 });
  t.match(await ask('2001:db8:0:1::2'), { status: 429 }, 'one /64 is one client');
  t.match(await ask('2001:db8:0:2::1'), { status: 200 });
});

t.test('while the process is late nothing begins, and what runs goes on', async (t) => {
  const item = await bytes({ number: 1 });
  const foreign = await openForeign(
    t,
    { Ask: [{ in: 'end' }, { out: item }], Both: [{ in: 'end' }, { out: item }] },
    { limits: { ...UNHURRIED, eventLoopDelayMs: 250 } },
  );
  const session = await openSession(foreign.wsUrl);
  await session.send(openOf(1, 'Both'));
  await session.of(1);
  const ask = { headers: JSON_TYPE, body: '{}' };
  const block = () => {
    const end = performance.now() + 500;
    while (performance.now() < end);
  };
  const asked = http(foreign.url + method('Ask'), ask);
  await session.send(openOf(2, 'Ask'), { halfClose: { id: 1 } });
  block();
  const refused = await asked;
  t.match(refused, { status: 503, headers: { 'retry-after': '1', 'sluice-reason': 'GATEWAY_LIMIT' } });
  t.match(refused.text, /the gateway is more than 250 ms late: see --event-loop-delay-ms/);
  t.match((await session.all(2)).at(-1), { end: { status: { code: 14 } } });
  t.match((await session.all(1)).at(-1), { end: { status: { code: 0 } } });
  t.match(await limitsOf(foreign), /\{limit="event_loop_delay_ms"\} 2$/m);
  for (let status = 503; status !== 200; ) ({ status } = await http(foreign.url + method('Ask'), ask));
});

t.test(
  'a flood of refusals is counted whole, and has few lines of log that say how many there were',
  async (t) => {
    const foreign = await openQuick(t, { callsPerSecond: 1 });
    const ask = () => http(foreign.url + method('Ask'), { headers: JSON_TYPE, body: '{}' });
    for (let n = 0; n < 10; n++) await Promise.all(Array.from({ length: 30 }, ask));
    const lines = foreign.lines.filter(({ msg }) => msg === 'request refused');
    t.ok(lines.length >= 100 && lines.length < 290, `${lines.length} lines`);
    const counted = Number(/calls_per_second"\} (\d+)/.exec(await limitsOf(foreign))?.[1]);
    t.ok(counted > 280, `${counted} refusals`);
    const told = lines.reduce((sum, { refused = 1 }) => sum + Number(refused), 0);
    t.ok(told <= counted, 'none is told twice');
  },
);

t.test('0 switches each off', async (t) => {
  const foreign = await openQuick(t, { callsPerSecond: 0, eventLoopDelayMs: 0 });
  const answers = await Promise.all(
    Array.from({ length: 250 }, () => http(foreign.url + method('Ask'), { headers: JSON_TYPE, body: '{}' })),
  );
  t.ok(answers.every(({ status }) => status === 200));
});

t.test('by default clients of this machine are not counted', async (t) => {
  const limits = { callsPerSecond: undefined, callsBurst: 1 } as never;
  const foreign = await openQuick(t, limits);
  const ask = { method: 'POST', headers: JSON_TYPE, body: '{}' };
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => http(foreign.url + method('Ask'), ask)),
  );
  t.same([...new Set(answers.map(({ status }) => status))], [200]);
});
