import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http2';
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { GatewayOptions } from '../../../gateway/index.js';
import { bytes, type Foreign, method, openForeign } from '../../support/foreign.js';
import { http, until } from '../../support/http.js';
import { FIRST, headOrError, httpFrom, SECOND, sendFrom, THIRD } from '../../support/local-client.js';
import { openOf, openSession, PROTOCOLS } from '../../support/session.js';
import { connect } from '../../support/websocket.js';

t.setTimeout(120_000);

const NDJSON = { 'content-type': 'application/x-ndjson' };
const never = new Promise<never>(() => {});

/** A service whose calls never end by themselves. */
async function openIdle(t: Test, options: Partial<GatewayOptions> = {}): Promise<Foreign> {
  const item = await bytes({ number: 1 });
  const idle = [{ headers: [] }, { wait: never }] as const;
  return await openForeign(
    t,
    {
      Ask: (metadata) =>
        metadata.some(([name]) => name === 'quick') ? [{ in: 'end' }, { out: item }] : [{ wait: never }],
      Down: idle,
      Up: idle,
      Both: idle,
    },
    options,
  );
}

/** What one client may do that lasts. `undefined` when it is let in; otherwise how it was refused. */
interface Attempt {
  readonly refusal:
    | { readonly status: number | string; readonly text?: string; readonly retryAfter?: string }
    | undefined;
  leave(): void;
}

type Begin = (foreign: Foreign, from: string, headers?: Record<string, string>) => Promise<Attempt>;

async function refusalOf(head: IncomingMessage): Promise<Attempt['refusal']> {
  const chunks: Buffer[] = [];
  for await (const chunk of head) chunks.push(chunk as Buffer);
  const retryAfter = head.headers['retry-after'];
  return {
    status: head.statusCode ?? 0,
    text: Buffer.concat(chunks).toString('utf8'),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}

/** A stream whose head comes at once. */
function stream(name: string, headers: Record<string, string>, body?: string): Begin {
  return async ({ url }, from, more = {}) => {
    const sent = sendFrom(from, url + method(name), {
      method: body === undefined ? 'GET' : 'POST',
      headers: { ...headers, ...more },
    });
    if (headers['content-type'] === NDJSON['content-type']) sent.write(body);
    else sent.end(body);
    const head = await headOrError(sent);
    if (typeof head === 'string') return { refusal: { status: head }, leave() {} };
    const refusal = head.statusCode === 200 ? undefined : await refusalOf(head);
    return { refusal, leave: () => sent.destroy() };
  };
}

const BEGIN: Readonly<Record<string, Begin>> = {
  ndjson: stream('Down', {}),
  array: stream('Down', { accept: 'application/json' }),
  'sse by POST': stream('Down', { accept: 'text/event-stream', 'content-type': 'application/json' }, '{}'),
  'ndjson in both directions': stream('Both', NDJSON, '{}\n'),
  'plain WebSocket': async ({ wsUrl }, from, headers = {}) => {
    try {
      const { socket } = await connect(wsUrl + method('Both'), { localAddress: from, headers });
      return { refusal: undefined, leave: () => socket.terminate() };
    } catch (reason) {
      return { refusal: { status: Number((reason as Error).message.slice(5)) }, leave() {} };
    }
  },
};

t.test('one address has so many exchanges, on every surface, and its neighbours have theirs', async (t) => {
  for (const [name, begin] of Object.entries(BEGIN)) {
    const foreign = await openIdle(t, { limits: { exchangesPerAddress: 4 } });
    const attempts = await Promise.all(Array.from({ length: 4 }, () => begin(foreign, FIRST)));
    t.same(
      attempts.map(({ refusal }) => refusal),
      [undefined, undefined, undefined, undefined],
      name,
    );
    for (const [other, next] of Object.entries(BEGIN)) {
      const { refusal } = await next(foreign, FIRST);
      t.equal(refusal?.status, 429, `${other} beside ${name}`);
      if (refusal?.text === undefined) continue;
      t.equal(refusal.retryAfter, '1');
      t.match(refusal.text, /"RESOURCE_EXHAUSTED".*--exchanges-per-address.*--trusted-proxies/);
    }
    const unary = await httpFrom(FIRST, foreign.url + method('Ask'));
    t.match(
      unary,
      { status: 429, headers: { 'retry-after': '1', 'grpc-status': '8' } },
      `unary beside ${name}`,
    );
    const session = openSession(foreign.wsUrl, 'sluice.v1.json', { localAddress: FIRST });
    await t.rejects(session, /HTTP 429/, `session beside ${name}`);
    const neighbour = await begin(foreign, SECOND);
    t.equal(neighbour.refusal, undefined, 'a neighbour is served');
    const quick = { headers: { 'grpc-metadata-quick': '1' } };
    t.match(await httpFrom(THIRD, foreign.url + method('Ask'), quick), { status: 200 });
    attempts[0]?.leave();
    await until(t, 'its place to be free', () => foreign.gateway.openExchanges === 4);
    const again = await begin(foreign, FIRST);
    t.equal(again.refusal, undefined, 'what has ended makes room');
    for (const { leave } of [...attempts, neighbour, again]) leave();
    await until(t, 'nothing to be open', () => foreign.gateway.openExchanges === 0);
    const more = await Promise.all(Array.from({ length: 4 }, () => begin(foreign, FIRST)));
    t.ok(
      more.every(({ refusal }) => refusal === undefined),
      'all places are back',
    );
    for (const { leave } of more) leave();
  }
});

t.test('each call of a session counts, and one too many ends alone', async (t) => {
  for (const protocol of PROTOCOLS) {
    const foreign = await openIdle(t, { limits: { exchangesPerAddress: 5 } });
    const one = await openSession(foreign.wsUrl, protocol, { localAddress: FIRST });
    const two = await openSession(foreign.wsUrl, protocol, { localAddress: FIRST });
    await one.send(openOf(1, 'Both'), openOf(2, 'Ask'), openOf(3, 'Down'));
    await two.send(openOf(1, 'Up'), openOf(2, 'Both'), openOf(3, 'Both'), openOf(4, 'Ask'));
    for (const id of [3, 4]) {
      const frames = await two.all(id);
      t.equal(frames.length, 1, 'it was never opened');
      t.match(frames[0], { end: { status: { code: 8, message: /--exchanges-per-address/ } } });
    }
    t.match(await httpFrom(FIRST, foreign.url + method('Ask')), { status: 429 });
    t.match(
      await httpFrom(SECOND, `${foreign.url}${method('Ask')}`, { headers: { 'grpc-metadata-quick': '1' } }),
      {
        status: 200,
      },
    );
    await one.send({ cancel: { id: 1 } });
    await one.all(1);
    await until(t, 'its place to be free', () => foreign.gateway.openExchanges === 4);
    await two.send(openOf(9, 'Both'));
    t.match(await two.of(9), { opened: {} });
    one.test.socket.terminate();
    two.test.socket.terminate();
    await until(t, 'nothing to be open', () => foreign.gateway.openExchanges === 0);
  }
});

t.test('the whole house has a limit as well: 503, also from an address that has nothing', async (t) => {
  const foreign = await openIdle(t, { limits: { exchanges: 3 } });
  const begin = BEGIN.ndjson as Begin;
  const attempts = await Promise.all([begin(foreign, FIRST), begin(foreign, SECOND), begin(foreign, SECOND)]);
  for (const next of Object.values(BEGIN)) {
    const { refusal } = await next(foreign, THIRD);
    t.equal(refusal?.status, 503);
    if (refusal?.text !== undefined)
      t.match(refusal, { retryAfter: '1', text: /"UNAVAILABLE".*--exchanges/ });
  }
  await t.rejects(openSession(foreign.wsUrl), /HTTP 503/);
  for (const { leave } of attempts) leave();
  await until(t, 'nothing to be open', () => foreign.gateway.openExchanges === 0);
});

t.test('an EventSource that is refused is told to come again, because any status would end it', async (t) => {
  const foreign = await openIdle(t, { limits: { exchangesPerAddress: 1 } });
  const first = await (BEGIN.ndjson as Begin)(foreign, FIRST);
  const answer = await http(foreign.url + method('Down'), { headers: { accept: 'text/event-stream' } });
  t.match(answer, { status: 200, headers: { 'content-type': /^text\/event-stream/ }, complete: true });
  t.match(answer.text, /event: error\n/);
  t.match(answer.text, /retry: \d+\n/);
  t.match(answer.text, /"code":429,"status":"RESOURCE_EXHAUSTED"/);
  t.notMatch(answer.text, /~end/);
  first.leave();
});

t.test(
  'no address has more than a quarter of the places at the service, unless somebody says so',
  async (t) => {
    const places = { upstreamConnections: 2, upstreamStreams: 6 };
    const begin = BEGIN['ndjson in both directions'] as Begin;
    const foreign = await openIdle(t, places);
    const attempts = await Promise.all(Array.from({ length: 3 }, () => begin(foreign, FIRST)));
    t.ok(attempts.every(({ refusal }) => refusal === undefined));
    t.match((await begin(foreign, FIRST)).refusal, {
      status: 429,
      retryAfter: '1',
      text: /more than 3 calls/,
    });
    // A request whose message has not come has no place at the service yet.
    const waiting = sendFrom(FIRST, foreign.url + method('Ask'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    waiting.write('{');
    await until(t, 'it to be counted', () => foreign.gateway.openExchanges === 4);
    waiting.end('}');
    const head = await headOrError(waiting);
    t.match(head, { statusCode: 429 });
    for (const address of [SECOND, THIRD, '127.0.0.4']) {
      const others = await Promise.all(Array.from({ length: 3 }, () => begin(foreign, address)));
      t.ok(
        others.every(({ refusal }) => refusal === undefined),
        address,
      );
      attempts.push(...others);
    }
    for (const { leave } of attempts) leave();
    await until(t, 'nothing to be open', () => foreign.gateway.openExchanges === 0);

    for (const config of [
      { limits: { exchangesPerAddress: 11 } },
      { config: { limits: { exchangesPerAddress: 0 } } },
    ]) {
      const open = await openIdle(t, { ...places, ...config });
      const all = await Promise.all(Array.from({ length: 11 }, () => begin(open, FIRST)));
      t.ok(
        all.every(({ refusal }) => refusal === undefined),
        JSON.stringify(config),
      );
      for (const { leave } of all) leave();
    }
  },
);

t.test('a service that takes few calls is shared as well', async (t) => {
  const service = createServer({ settings: { maxConcurrentStreams: 8 } });
  service.on('stream', (stream) => {
    stream.on('error', () => {});
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  t.teardown(() => service.close());
  const upstream = `127.0.0.1:${(service.address() as AddressInfo).port}`;
  const foreign = await openForeign(t, {}, { upstream, upstreamConnections: 2 });
  const begin = BEGIN['ndjson in both directions'] as Begin;
  const attempts = [await begin(foreign, FIRST)];
  for (let n = 0; n < 3; n += 1) attempts.push(await begin(foreign, FIRST));
  t.ok(attempts.every(({ refusal }) => refusal === undefined));
  t.match((await begin(foreign, FIRST)).refusal, { status: 429, text: /more than 4 calls/ });
  const other = await begin(foreign, SECOND);
  t.equal(other.refusal, undefined);
  for (const { leave } of [...attempts, other]) leave();
  await until(t, 'nothing to be open', () => foreign.gateway.openExchanges === 0);
});

t.test('fifteen WebSockets of a hundred idle calls do not take the service from others', async (t) => {
  const foreign = await openIdle(t);
  const sessions = await Promise.all(
    Array.from({ length: 15 }, () => openSession(foreign.wsUrl, 'sluice.v1.json', { localAddress: FIRST })),
  );
  for (const session of sessions) {
    await session.send(...Array.from({ length: 100 }, (_, n) => openOf(n + 1, 'Both')));
  }
  const ends = () =>
    sessions.flatMap(({ test }) => test.frames).filter((frame) => String(frame).startsWith('{"end"')).length;
  await until(t, 'what is too much to be refused', () => ends() === 1_140);
  t.equal(foreign.gateway.openExchanges, 360);
  const quick = { headers: { 'grpc-metadata-quick': '1' } };
  for (let n = 0; n < 20; n += 1) {
    t.match(await httpFrom(SECOND, foreign.url + method('Ask'), quick), { status: 200 });
  }
  t.match(await httpFrom(FIRST, foreign.url + method('Ask'), quick), { status: 429 });
  for (const { test } of sessions) test.socket.terminate();
  await until(t, 'nothing to be open', () => foreign.gateway.openExchanges === 0);
});

t.test('behind a trusted proxy clients count by their own addresses', async (t) => {
  const foreign = await openIdle(t, {
    limits: { exchangesPerAddress: 2, connectionsPerAddress: 3 },
    trustedProxies: [FIRST],
  });
  const { url, wsUrl } = foreign;
  const behind = (client: string) => ({ 'x-forwarded-for': client });
  for (const [name, begin] of Object.entries(BEGIN)) {
    const clients = ['203.0.113.1', '203.0.113.2', '2001:db8:0:1::1'];
    const attempts: Attempt[] = [];
    for (const client of clients) {
      const pair = [await begin(foreign, FIRST, behind(client)), await begin(foreign, FIRST, behind(client))];
      t.ok(
        pair.every(({ refusal }) => refusal === undefined),
        `${name} for ${client}`,
      );
      const third = await begin(foreign, FIRST, behind(`198.51.100.7, ${client}`));
      t.equal(third.refusal?.status, 429, `${name}: what the client wrote counts for nothing`);
      if (third.refusal?.text !== undefined) t.notMatch(third.refusal.text, /trusted-proxies/);
      attempts.push(...pair);
    }
    const sameNetwork = await begin(foreign, FIRST, behind('2001:db8:0:1:ffff::2'));
    t.equal(sameNetwork.refusal?.status, 429, 'one /64 is one client');
    for (const { leave } of attempts) leave();
    await until(t, 'nothing to be open', () => foreign.gateway.openExchanges === 0);
  }
  // A WebSocket is one connection all the way: sessions without calls count as such.
  const options = { localAddress: FIRST, headers: behind('203.0.113.9') };
  const idle = await Promise.all(
    Array.from({ length: 3 }, () => openSession(wsUrl, 'sluice.v1.json', options)),
  );
  await t.rejects(openSession(wsUrl, 'sluice.v1.json', options), /HTTP 429/);
  await t.rejects(connect(wsUrl + method('Both'), options), /HTTP 429/);
  const other = { localAddress: FIRST, headers: behind('203.0.113.10') };
  const neighbour = await openSession(wsUrl, 'sluice.v1.json', other);
  for (const { test } of [...idle, neighbour]) test.socket.terminate();
  const untrusted = { headers: behind('203.0.113.1') };
  t.match(await httpFrom(SECOND, `${url}/nothing`, untrusted), { status: 404 });
});

t.test('one address has so many connections; what is more is reset at once, and costs nobody', async (t) => {
  const foreign = await openIdle(t, { limits: { connectionsPerAddress: 10 }, trustedProxies: [THIRD] });
  const port = Number(new URL(foreign.url).port);
  const dial = async (localAddress: string): Promise<{ socket: Socket; closed: Promise<string> }> => {
    const socket = connectTcp({ port, host: '127.0.0.1', localAddress });
    t.teardown(() => socket.destroy());
    const closed = new Promise<string>((resolve) => {
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
      socket.once('close', () => resolve('closed'));
    });
    await Promise.race([once(socket, 'connect'), closed]);
    return { socket, closed };
  };
  const sockets = await Promise.all(Array.from({ length: 10 }, () => dial(FIRST)));
  // They hold their connections: each of them is served.
  const held = sockets[0] as (typeof sockets)[0];
  held.socket.write('GET /nothing HTTP/1.1\r\nhost: localhost\r\n\r\n');
  t.match(String((await once(held.socket, 'data'))[0]), /^HTTP\/1\.1 404/);
  for (let n = 0; n < 100; n += 1) {
    const { closed } = await dial(FIRST);
    t.match(await closed, /^(ECONNRESET|closed)$/);
  }
  t.match(await httpFrom(FIRST, `${foreign.url}/nothing`), /ECONNRESET|hang up/);
  t.match(await httpFrom(SECOND, `${foreign.url}/nothing`), { status: 404 });
  const proxy = await Promise.all(Array.from({ length: 30 }, () => dial(THIRD)));
  t.match(await httpFrom(THIRD, `${foreign.url}/nothing`), { status: 404 }, 'a trusted proxy has any number');
  for (const { socket } of [...sockets, ...proxy]) socket.destroy();
  let answer: unknown;
  await until(t, 'the places to be free', () => {
    void httpFrom(FIRST, `${foreign.url}/nothing`).then((value) => {
      answer = typeof value === 'string' ? undefined : value.status;
    });
    return answer === 404;
  });
  const text = (await http(`${foreign.gateway.adminUrl}/metrics`)).text;
  t.match(text, /sluice_limit_refusals_total\{limit="connections_per_address"\} 10\d/);
  const warnings = foreign.lines.filter(({ msg }) => msg === 'connections refused');
  t.equal(warnings.length, 1, 'a flood is one line');
  t.match(warnings[0], { peer: FIRST, problem: /--trusted-proxies/ });
});

t.test('0 switches each of them off', async (t) => {
  const limits = { exchangesPerAddress: 0, connectionsPerAddress: 0, exchanges: 0, unfinishedBytes: 0 };
  const foreign = await openIdle(t, { limits });
  const begin = BEGIN.ndjson as Begin;
  const attempts = await Promise.all(Array.from({ length: 410 }, () => begin(foreign, FIRST)));
  t.ok(attempts.every(({ refusal }) => refusal === undefined));
  for (const { leave } of attempts) leave();
  await until(t, 'nothing to be open', () => foreign.gateway.openExchanges === 0);
});
