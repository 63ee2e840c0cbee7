import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import {
  type CallState,
  type ClientOptions,
  Code,
  createClient,
  createHttpClient,
  type Gap,
  type JsonObject,
  type SluiceError,
} from '../../../../clients/browser/index.js';
import { createDeferred } from '../../../../gateway/async/index.js';
import type { GatewayConfig } from '../../../../gateway/server/config/index.js';
import { bytes, method, openForeign } from '../../../support/foreign.js';
import { until } from '../../../support/http.js';
import type { Scripts } from '../../../support/scripted-upstream.js';
import { openRelay } from '../../relay.js';

// Calls that outlive their page: begun, left, joined, asked for, stopped; over a session and, where WebSockets are blocked, over HTTP.

const WAYS = ['session', 'http'] as const;
const NEVER = new Promise<void>(() => {});
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);
const outs = (from: number, to: number) =>
  Promise.all(range(from, to).map(async (number) => ({ out: await bytes({ number }) })));

async function setUp(
  t: Test,
  way: (typeof WAYS)[number],
  scripts: Scripts,
  rules: Record<string, object> = { Down: {} },
  options: ClientOptions = {},
) {
  const methods: GatewayConfig['methods'] = Object.fromEntries(
    Object.entries(rules).map(([name, recording]) => [
      method(name).slice(1),
      { recording: recording as never },
    ]),
  );
  const foreign = await openForeign(t, scripts, { config: { methods } });
  const relay = await openRelay(t, foreign.url);
  if (way === 'http') relay.onUpgrade(403);
  const newClient = (more: ClientOptions = {}) => {
    const session = { reconnectBaseMs: 1, fallbackAfterMs: 60_000, fallbackRetryMs: 60_000 };
    const client = createClient({ baseUrl: relay.url, WebSocket, session, ...options, ...more });
    t.teardown(() => client.close());
    return client;
  };
  return { ...foreign, relay, newClient, client: newClient() };
}

/** So many messages, or all. */
async function take(messages: AsyncIterator<JsonObject>, count = Number.POSITIVE_INFINITY) {
  const numbers: unknown[] = [];
  while (numbers.length < count) {
    const { done, value } = await messages.next();
    if (done) break;
    numbers.push(value.number);
  }
  return numbers;
}

const failureOf = (pending: PromiseLike<unknown>): Promise<SluiceError> =>
  Promise.resolve(pending).then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error as SluiceError,
  );

for (const way of WAYS) {
  t.test(`${way}: a call goes on without its page, and any number join it`, async (t) => {
    const more = createDeferred<void>();
    const { client, newClient, upstream, gateway } = await setUp(t, way, {
      Down: [{ in: 'end' }, ...(await outs(1, 3)), { wait: more.promise }, ...(await outs(4, 6))],
    });
    const own = client.call(method('Down'), { request: {}, detach: true });
    const location = String(await own.location);
    t.match(location, /^\/_sluice\/calls\/[\w-]{22}$/);
    t.same(await take(own.messages, 2), [1, 2]);
    own.cancel();
    await until(t, 'its client has left', () => gateway.openExchanges === 0);
    t.match(await client.callState(location), {
      state: 'running',
      code: undefined,
      firstCursor: /^~[\w-]{22}\.1$/,
      lastCursor: /^~[\w-]{22}\.3$/,
    } satisfies Record<keyof CallState, unknown>);

    const joined = newClient().join(location);
    const behind = newClient().join(`https://elsewhere.example/base${location}`, { cursor: own.cursor });
    const stream = newClient().joinStream(location);
    t.same(await take(joined.messages, 3), [1, 2, 3]);
    t.same(await take(behind.messages, 1), [3]);
    t.same(await take(stream, 3), [1, 2, 3]);
    t.equal(await joined.location, location);
    const error = await failureOf(joined.send({}));
    t.equal(error.code, Code.FAILED_PRECONDITION, 'who joins sends nothing');
    more.resolve();
    t.same(await take(joined.messages), [4, 5, 6]);
    t.same(await take(behind.messages), [4, 5, 6]);
    t.same(await take(stream), [4, 5, 6]);
    t.equal((await joined.status).code, Code.OK);
    t.match(await client.callState(location), { state: 'ended', code: Code.OK });
    t.same(await take(client.join(location).messages), range(1, 6), 'after its end as well');
    t.same(await take(client.join(location, { cursor: joined.cursor }).messages), []);
    t.equal(upstream.calls(method('Down')).length, 1);
  });

  t.test(`${way}: only stop ends it, for everybody`, async (t) => {
    const { client, newClient, upstream } = await setUp(
      t,
      way,
      {
        Down: [{ in: 'end' }, ...(await outs(1, 2)), { wait: NEVER }],
        Ask: [{ in: 'end' }, { wait: NEVER }],
      },
      { Down: {}, Ask: {} },
    );
    const own = client.call(method('Down'), { request: {}, detach: true });
    const location = String(await own.location);
    const other = newClient().join(location);
    await Promise.all([take(own.messages, 2), take(other.messages, 2)]);
    t.equal((await newClient().join(location).stop()).code, Code.CANCELLED);
    t.equal((await own.status).code, Code.CANCELLED);
    t.equal((await other.status).code, Code.CANCELLED);
    await until(t, 'the service is told', () => upstream.calls(method('Down'))[0]?.cancelled === true);
    t.match(await client.callState(location), { state: 'ended', code: Code.CANCELLED });

    const ask = client.call(method('Ask'), { request: {}, detach: true });
    await ask.location;
    t.equal((await ask.stop()).code, Code.CANCELLED);
    await until(t, 'and of the other', () => upstream.calls(method('Ask'))[0]?.cancelled === true);
    const gone = newClient().join('/_sluice/calls/AAAAAAAAAAAAAAAAAAAAAA');
    t.match(await gone.status, { code: Code.NOT_FOUND, reason: 'CALL_NOT_FOUND', domain: 'sluice' });
    t.match(await failureOf(client.callState('/_sluice/calls/AAAAAAAAAAAAAAAAAAAAAA')), {
      code: Code.NOT_FOUND,
    });
    for (const bad of ['', '/v1/data', '/_sluice/calls/..', '/_sluice/calls/a/b', '/_sluice/calls/a?b=c']) {
      t.throws(() => client.join(bad), { code: Code.INVALID_ARGUMENT }, bad);
      t.throws(() => client.joinStream(bad), { code: Code.INVALID_ARGUMENT }, bad);
      t.match(await failureOf(client.callState(bad)), { code: Code.INVALID_ARGUMENT }, bad);
    }
  });

  t.test(`${way}: stopped at once, and a call that is not detached`, async (t) => {
    const { client, upstream } = await setUp(t, way, {
      Down: [{ in: 'end' }, ...(await outs(1, 1)), { wait: NEVER }],
      Numbered: [{ in: 'end' }, ...(await outs(1, 1)), { wait: NEVER }],
    });
    const call = client.call(method('Down'), { request: {}, detach: true });
    t.equal((await call.stop()).code, Code.CANCELLED);
    const plain = client.call(method('Numbered'), { request: {}, detach: true });
    await take(plain.messages, 1);
    t.equal(await plain.location, undefined, 'a method without a rule');
    t.equal((await plain.stop()).code, Code.CANCELLED);
    await until(t, 'nothing goes on', () =>
      ['Down', 'Numbered'].every((name) => upstream.calls(method(name)).every(({ cancelled }) => cancelled)),
    );
    const none = client.call(method('Down'), { request: {}, detach: true, signal: AbortSignal.abort() });
    t.equal(await none.location, undefined, 'it never began');
  });

  t.test(`${way}: a cut call goes on at its location, before and after its first message`, async (t) => {
    const first = createDeferred<void>();
    const { client, relay, upstream } = await setUp(t, way, {
      Down: [{ in: 'end' }, { wait: first.promise }, ...(await outs(1, 200))],
    });
    const own = client.call(method('Down'), { request: {}, detach: true, reconnectBaseMs: 1, credit: 4 });
    const joined = client.join(String(await own.location), { reconnectBaseMs: 1, credit: 4 });
    await Promise.all([joined.location, upstream.call(method('Down'))]);
    relay.cut();
    first.resolve();
    const numbers = { own: await take(own.messages, 20), joined: await take(joined.messages, 40) };
    relay.cut();
    t.same([...numbers.own, ...(await take(own.messages))], range(1, 200));
    t.same([...numbers.joined, ...(await take(joined.messages))], range(1, 200));
    t.equal(upstream.calls(method('Down')).length, 1);
  });

  t.test(`${way}: the rule says that a call is detached; what is forgotten is told`, async (t) => {
    const { client, upstream } = await setUp(
      t,
      way,
      { Down: [{ in: 'end' }, ...(await outs(1, 20)), { wait: NEVER }] },
      { Down: { detach: true, maxMessages: 5 } },
    );
    const own = client.call(method('Down'), { request: {}, credit: 100 });
    const location = String(await own.location);
    t.match(location, /^\/_sluice\/calls\//);
    t.same(await take(own.messages, 20), range(1, 20));
    const epoch = own.cursor.slice(0, -'.20'.length);
    const gaps: Gap[] = [];
    const late = client.join(location, { cursor: `${epoch}.3`, onGap: (gap) => gaps.push(gap) });
    t.same(await take(late.messages, 5), range(16, 20));
    t.same(gaps, [{ requested: `${epoch}.3`, resumed: `${epoch}.15` }]);
    const stream = client.serverStream(method('Down'), {});
    t.equal(stream.location, undefined);
    await take(stream, 1);
    t.match(stream.location, /^\/_sluice\/calls\/[\w-]{22}$/);
    t.not(stream.location, location);
    await stream.return?.();
    t.equal(upstream.calls(method('Down')).length, 2);
  });

  t.test(`${way}: one key is one call, and another request with it is refused`, async (t) => {
    const { client, upstream } = await setUp(
      t,
      way,
      {
        Down: [{ in: 'end' }, ...(await outs(1, 3))],
        Ask: [{ in: 'end' }, { out: await bytes({ text: 'done' }) }],
      },
      { Down: {}, Ask: {} },
    );
    const options = { request: { text: 'a' }, idempotencyKey: 'order 7' };
    t.same(await take(client.call(method('Down'), options).messages), [1, 2, 3]);
    t.same(await take(client.call(method('Down'), { ...options, detach: true }).messages), [1, 2, 3]);
    const other = client.call(method('Down'), { ...options, request: { text: 'b' } });
    t.match(await other.status, { reason: 'IDEMPOTENCY_CONFLICT', domain: 'sluice' });
    t.match(await client.call(method('Down'), { ...options, idempotencyKey: 'ä' }).status, {
      code: Code.INVALID_ARGUMENT,
    });
    const ask = { request: {}, idempotencyKey: 'once' };
    for (const _ of [1, 2]) t.same(await client.call(method('Ask'), ask).result(), { text: 'done' });
    t.equal(upstream.calls(method('Down')).length, 1);
    t.equal(upstream.calls(method('Ask')).length, 1);
  });

  t.test(`${way}: a client that shows who it is joins, and no other`, async (t) => {
    const { newClient } = await setUp(t, way, {
      Down: [{ in: 'end' }, ...(await outs(1, 2)), { wait: NEVER }],
    });
    const ann = newClient({ metadata: { authorization: 'ann' } });
    const bob = newClient({ metadata: () => ({ authorization: 'bob' }) });
    const own = ann.call(method('Down'), { request: {}, detach: true });
    const location = String(await own.location);
    t.match(await bob.join(location).status, { code: Code.NOT_FOUND });
    t.match(await failureOf(bob.callState(location)), { code: Code.NOT_FOUND });
    t.same(await take(ann.join(location).messages, 2), [1, 2]);
    t.match(await ann.callState(location), { state: 'running' });
    t.equal((await own.stop()).code, Code.CANCELLED);
  });
}

t.test('with HTTP alone a stream says where it is found, and goes on before its first message', async (t) => {
  const first = createDeferred<void>();
  const { relay, upstream } = await setUp(
    t,
    'http',
    { Down: [{ in: 'end' }, { wait: first.promise }, ...(await outs(1, 3))] },
    { Down: { detach: true } },
  );
  const client = createHttpClient({ baseUrl: relay.url });
  const head = createDeferred<void>();
  const stream = client.serverStream(
    method('Down'),
    {},
    { reconnectBaseMs: 1, onHeaders: () => head.resolve() },
  );
  const next = stream.next();
  await head.promise;
  t.match(stream.lastEventId, /^~[\w-]{22}\.0$/);
  t.match(stream.location, /^\/_sluice\/calls\//);
  relay.cut();
  first.resolve();
  t.same(((await next).value as JsonObject).number, 1);
  t.same(await take(stream), [2, 3]);
  t.equal(upstream.calls(method('Down')).length, 1);
});
