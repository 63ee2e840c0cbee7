import { EventSource } from 'eventsource';
import t from 'tap';
import { WebSocket } from 'ws';
import type { RecordingSettings } from '../../../gateway/schema/index.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { http, open, sseEvents, until } from '../../support/http.js';
import { ask, connectHttp2 } from '../../support/http2-client.js';
import type { Scripts } from '../../support/scripted-upstream.js';

// Recorded calls over real sockets: shared, gone on with, and joined.

const SSE = { accept: 'text/event-stream' };

async function serve(
  t: Parameters<typeof openForeign>[0],
  scripts: Scripts,
  rules: Record<string, RecordingSettings>,
  limits = {},
) {
  const methods = Object.fromEntries(
    Object.entries(rules).map(([name, recording]) => [
      method(name).slice(1),
      { recording: recording as never },
    ]),
  );
  return await openForeign(t, scripts, { config: { methods }, limits });
}

function gate() {
  let open: () => void = () => {};
  const wait = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { wait, open };
}

/** A stream of events that a test reads as it comes. */
async function follow(url: string, headers: Record<string, string> = {}) {
  const { response, socket } = await open(url, { headers: { ...SSE, ...headers } });
  let text = '';
  response.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  response.on('error', () => {});
  return {
    headers: response.headers,
    events: () => sseEvents(text),
    numbers: () =>
      sseEvents(text).flatMap(({ event, data }) =>
        event === 'message' ? [(data as { number: number }).number] : [],
      ),
    leave: () => socket.destroy(),
  };
}

t.test(
  'two readers of equal requests are one call at the service; ids are dense and find it again',
  async (t) => {
    const more = gate();
    const end = gate();
    const { url, upstream, gateway } = await serve(
      t,
      {
        Down: [
          { in: 'end' },
          { out: await bytes({ number: 1 }) },
          { out: await bytes({ number: 2 }) },
          { wait: more.wait },
          { out: await bytes({ number: 3 }) },
          { wait: end.wait },
          { out: await bytes({ number: 4 }) },
        ],
      },
      { Down: { sharing: 'everyone', start: 'beginning' } },
    );
    const path = url + method('Down');
    const one = await follow(path);
    await until(t, 'the first messages', () => one.numbers().length === 2);
    const [first] = one.events();
    const epoch = /^~([\w-]{22})\.1$/.exec(first?.id ?? '')?.[1];
    t.ok(epoch);
    t.equal(one.headers['sluice-last-event-id'], `~${epoch}.0`);
    const other = await follow(path);
    await until(t, 'the same for the other', () => other.numbers().length === 2);
    t.equal(upstream.calls(method('Down')).length, 1);
    one.leave();
    more.open();
    await until(t, 'the next one', () => other.numbers().length === 3);
    const back = await follow(path, { 'last-event-id': `~${epoch}.2` });
    t.equal(back.headers['sluice-last-event-id'], `~${epoch}.2`);
    const h2 = connectHttp2(t, url);
    const over = ask(h2, method('Down'), { ...SSE, 'last-event-id': `~${epoch}.1` });
    await until(t, 'all joined', () => gateway.openExchanges === 3);
    end.open();
    await until(t, 'the end', () => back.events().at(-1)?.event === 'end');
    t.same(back.numbers(), [3, 4]);
    t.equal(back.events().at(-1)?.id, `~end:~${epoch}.4`);
    const answer = await over;
    t.same(
      sseEvents(answer.text).map(({ event, id }) => `${event} ${id}`),
      [`message ~${epoch}.2`, `message ~${epoch}.3`, `message ~${epoch}.4`, `end ~end:~${epoch}.4`],
    );
    await until(t, 'the other has all', () => other.events().at(-1)?.event === 'end');
    t.same(other.numbers(), [1, 2, 3, 4]);
    const ndjson = await http(path, { headers: { 'last-event-id': `~${epoch}.3` } });
    t.equal(ndjson.headers['sluice-last-event-id'], `~${epoch}.3`);
    t.equal(ndjson.text, '{"number":4}\n', 'after its end as well, in another form');
    for (const id of [`~end:~${epoch}.4`, '~end'])
      t.equal((await http(path, { headers: { ...SSE, 'last-event-id': id } })).status, 204);
    t.equal(upstream.calls(method('Down')).length, 1);
    const future = await http(path, { headers: { ...SSE, 'last-event-id': `~${epoch}.5` } });
    t.same([future.status, future.headers['sluice-reason']], [400, 'INVALID_CURSOR']);
    const foreign = await follow(path, { 'last-event-id': `~${'A'.repeat(22)}.5` });
    await until(t, 'a gap', () => foreign.events()[0]?.event === 'gap');
    t.match(foreign.events()[0]?.data, { requested: `~${'A'.repeat(22)}.5`, resumed: /^~[\w-]{22}\.0$/ });
    t.equal(upstream.calls(method('Down')).length, 2, 'that is another call');
    foreign.leave();
  },
);

t.test('an EventSource that lost its connection goes on where it was', async (t) => {
  const end = gate();
  const { url, upstream } = await serve(
    t,
    {
      Down: [
        { in: 'end' },
        ...(await Promise.all([1, 2, 3].map(async (number) => ({ out: await bytes({ number }) })))),
        { wait: end.wait },
        { out: await bytes({ number: 4 }) },
      ],
    },
    { Down: {} },
  );
  const numbers: number[] = [];
  let isOver = false;
  let cut = false;
  const source = new EventSource(url + method('Down'), {
    fetch: async (address, init) => {
      const answer = await fetch(address, init);
      if (cut || answer.body === null) return answer;
      cut = true;
      // The first connection breaks within the third event.
      let left = 2;
      const body = answer.body.pipeThrough(
        new TransformStream({
          transform(chunk: Uint8Array, controller) {
            const at = Buffer.from(chunk).indexOf('"number":3');
            if (at < 0 || left === 0) controller.enqueue(chunk);
            else {
              left = 0;
              controller.enqueue(chunk.subarray(0, at));
              controller.error(new TypeError('cut'));
            }
          },
        }),
      );
      return new Response(body, { status: answer.status, headers: answer.headers });
    },
  });
  source.addEventListener('message', ({ data }) => {
    numbers.push(JSON.parse(data).number);
    if (numbers.length === 3) end.open();
  });
  source.addEventListener('gap', () => t.fail('nothing is missing'));
  source.addEventListener('end', () => {
    isOver = true;
    source.close();
  });
  await until(t, 'the end', () => isOver);
  t.same(numbers, [1, 2, 3, 4]);
  t.equal(upstream.calls(method('Down')).length, 1);
});

t.test(
  'a detached call: 202, its state, joined on every surface, stopped; over HTTP/1.1 and HTTP/2',
  async (t) => {
    const go = gate();
    const { url, wsUrl, upstream, gateway } = await serve(
      t,
      {
        Down: [
          { in: 'end' },
          { out: await bytes({ number: 1 }) },
          { out: await bytes({ number: 2 }) },
          { wait: go.wait },
          { out: await bytes({ number: 3 }) },
          { wait: new Promise(() => {}) },
        ],
        Ask: [{ in: 'end' }, { out: await bytes({ text: 'answer' }) }],
        Up: [{ in: 'end' }, { out: await bytes({ text: 'all' }) }],
      },
      { Down: {}, Ask: {}, Up: {} },
      { detachedPerPrincipal: 4 },
    );
    const ASYNC = { prefer: 'respond-async, wait=5' };
    const path = url + method('Down');
    const token = { authorization: 'Bearer a' };
    const accepted = await http(path, { headers: { ...ASYNC, ...token } });
    t.equal(accepted.status, 202);
    const { location = '' } = accepted.headers;
    t.match(location, /^\/_sluice\/calls\/[\w-]{22}$/);
    t.equal(accepted.headers['preference-applied'], 'respond-async');
    t.same(JSON.parse(accepted.text), { location });
    await until(t, 'nobody is there', () => gateway.openExchanges === 0);
    const state = () => http(url + location, { method: 'HEAD', headers: token });
    await until(t, 'its messages', () => upstream.calls(method('Down'))[0]?.accepted === 2);
    const running = await state();
    t.match(running.headers, { 'sluice-call-state': 'running', 'sluice-first-event-id': /^~[\w-]{22}\.1$/ });
    t.equal(running.headers['grpc-status'], undefined);
    const epoch = String(running.headers['sluice-first-event-id']).slice(1, -2);
    const one = await follow(url + location, token);
    t.equal(one.headers['content-location'], location);
    const h2 = connectHttp2(t, url);
    const ndjson = ask(h2, location, { ...token, 'last-event-id': `~${epoch}.1` });
    const socket = new WebSocket(wsUrl + location, { headers: token });
    t.teardown(() => socket.terminate());
    const got: string[] = [];
    socket.on('message', (data) => got.push(String(data)));
    await until(t, 'all have joined', () => gateway.openExchanges === 3 && got.length === 2);
    go.open();
    await until(t, 'the next message', () => one.numbers().length === 3 && got.length === 3);
    t.same(got, ['{"number":1}', '{"number":2}', '{"number":3}']);
    for (const headers of [{}, { authorization: 'Bearer b' }]) {
      for (const verb of ['GET', 'HEAD', 'DELETE'])
        t.equal(
          (await http(url + location, { method: verb, headers })).status,
          404,
          `${verb} of another principal`,
        );
    }
    t.equal((await http(`${url}/_sluice/calls/${'A'.repeat(22)}`, { headers: token })).status, 404);
    t.equal((await http(`${url}/_sluice/calls/`, { headers: token })).status, 404);
    const posted = await http(url + location, { method: 'POST', headers: token, body: '{}' });
    t.same([posted.status, posted.headers.allow], [405, 'GET, HEAD, DELETE']);
    t.notOk(upstream.calls(method('Down'))[0]?.cancelled);
    t.equal((await http(url + location, { method: 'DELETE', headers: token })).status, 204);
    await until(t, 'the service is told', () => upstream.calls(method('Down'))[0]?.cancelled === true);
    t.equal(sseEvents(`${(await ndjson).text}`).length, 0);
    t.match((await ndjson).text, /^\{"number":2\}\n\{"number":3\}\n\{"error":.*CANCELLED/);
    await until(t, 'readers are told', () => one.events().at(-1)?.event === 'error');
    const ended = await state();
    t.match(ended.headers, {
      'sluice-call-state': 'ended',
      'grpc-status': '1',
      'sluice-last-event-id': `~${epoch}.3`,
    });
    t.equal((await http(url + location, { method: 'DELETE', headers: token })).status, 204, 'again');
    t.equal(upstream.calls(method('Down')).length, 1);

    // A unary call, and one that streams its requests.
    const unary = await http(url + method('Ask'), {
      headers: { ...ASYNC, 'content-type': 'application/json', 'idempotency-key': 'k' },
      body: '{"text":"q"}',
    });
    t.equal(unary.status, 202);
    const answer = await http(url + unary.headers.location);
    t.same([answer.status, answer.text], [200, '{"text":"answer"}']);
    const again = await http(url + method('Ask'), {
      headers: { 'content-type': 'application/json', 'idempotency-key': 'k' },
      body: '{"text":"q"}',
    });
    t.same([again.status, again.text], [200, '{"text":"answer"}']);
    t.equal(again.headers['content-location'], unary.headers.location, 'the same call');
    const conflict = await http(url + method('Ask'), {
      headers: { 'content-type': 'application/json', 'idempotency-key': 'k' },
      body: '{"text":"other"}',
    });
    t.same([conflict.status, conflict.headers['sluice-reason']], [422, 'IDEMPOTENCY_CONFLICT']);
    t.equal(upstream.calls(method('Ask')).length, 1);
    const keyed = { 'content-type': 'application/json', 'idempotency-key': 'l' };
    await http(url + method('Ask'), { headers: keyed, body: '{"text":"r"}' });
    const [late, later] = [
      await http(url + method('Ask'), { headers: { ...ASYNC, ...keyed }, body: '{"text":"r"}' }),
      await http(url + method('Ask'), { headers: { ...ASYNC, ...keyed }, body: '{"text":"r"}' }),
    ];
    t.same([late.status, later.status], [202, 202], 'what is over has a location for who asks for one');
    t.equal(later.headers.location, late.headers.location);
    t.equal((await http(url + late.headers.location)).text, '{"text":"answer"}');
    t.equal(upstream.calls(method('Ask')).length, 2);
    const up = await http(url + method('Up'), {
      headers: { ...ASYNC, 'content-type': 'application/x-ndjson' },
      body: '{"text":"1"}\n{"text":"2"}\n',
    });
    t.equal(up.status, 202);
    t.equal((await http(url + up.headers.location)).text, '{"text":"all"}');
    t.equal(upstream.calls(method('Up'))[0]?.received.length, 2, 'all of the body');
    const bad = await http(url + method('Ask'), {
      headers: { ...ASYNC, 'content-type': 'application/json' },
      body: '{"none":1}',
    });
    t.equal(bad.status, 400);
    const plain = await http(url + method('Body'), { headers: ASYNC });
    t.not(plain.status, 202, 'a method without a rule ignores it');
  },
);

t.test('limits, ages, and the option of the method', async (t) => {
  const { url, gateway } = await serve(
    t,
    { Down: [{ in: 'end' }, { out: await bytes({ number: 1 }) }, { wait: new Promise(() => {}) }] },
    { Down: { detach: true, detachMaxAgeMs: 2_000, maxAgeMs: 300 } },
    { detachedPerPrincipal: 1, detached: 2 },
  );
  const path = url + method('Down');
  const ask = async (token: string) => await follow(path, { authorization: token });
  const one = await ask('a');
  const location = String(one.headers['content-location']);
  t.match(location, /^\/_sluice\/calls\//);
  one.leave();
  await until(t, 'it has left', () => gateway.openExchanges === 0);
  t.equal(
    (await http(url + location, { method: 'HEAD', headers: { authorization: 'a' } })).headers[
      'sluice-call-state'
    ],
    'running',
  );
  const second = await http(path, { headers: { authorization: 'a' } });
  t.same(
    [second.status, second.headers['sluice-reason'], second.headers['retry-after']],
    [429, 'DETACHED_LIMIT', '1'],
  );
  const other = await ask('b');
  const third = await http(path, { headers: { authorization: 'c' } });
  t.same([third.status, third.headers['sluice-reason']], [503, 'GATEWAY_LIMIT']);
  await until(t, 'it ends at its age', () => other.events().at(-1)?.event === 'error');
  t.match(other.events().at(-1)?.data, { error: { status: 'DEADLINE_EXCEEDED' } });
  let status = 200;
  while (status !== 410 && status !== 404)
    status = (await http(url + location, { headers: { authorization: 'a' } })).status;
  t.equal(status, 410);
  t.equal((await http(url + location, { headers: { authorization: 'b' } })).status, 404);
});

t.test('who is told where its call is found has all that it wanted: the exchange ends with OK', async (t) => {
  const { url, lines, gateway, upstream } = await serve(
    t,
    {
      Down: [{ in: 'end' }, { out: await bytes({ number: 1 }) }, { wait: new Promise(() => {}) }],
      Ask: [{ in: 'end' }, { wait: new Promise(() => {}) }],
      Up: [{ in: 'end' }, { wait: new Promise(() => {}) }],
    },
    { Down: {}, Ask: {}, Up: {} },
  );
  const headers = { prefer: 'respond-async', 'content-type': 'application/json' };
  const stream = { ...headers, 'content-type': 'application/x-ndjson' };
  const ask = (name: string, body: string, more: Record<string, string> = headers) =>
    http(url + method(name), { method: 'POST', headers: more, body });
  t.equal((await ask('Down', '{}')).status, 202);
  t.equal((await ask('Ask', '{}')).status, 202);
  t.equal((await ask('Up', '{"text":"1"}\n{"text":"2"}\n', stream)).status, 202);
  await until(t, 'all are over', () => gateway.openExchanges === 0);
  const calls = () => lines.filter(({ msg }) => msg === 'call');
  t.same(
    calls().map(({ code, reason, aborted, problem }) => ({ code, reason, aborted, problem })),
    Array.from({ length: 3 }, () => ({
      code: 'OK',
      reason: undefined,
      aborted: undefined,
      problem: undefined,
    })),
  );
  // What is wrong with a stream of requests is told in place of a location, and nothing of it goes on.
  for (const [body, reason] of [
    ['{"text":"1"}\n{"none":2}\n', 'INVALID_MESSAGE'],
    ['{"text":"1"}\n{"text":', 'INVALID_MESSAGE'],
  ] as const) {
    const bad = await ask('Up', body, stream);
    t.same([bad.status, bad.headers['sluice-reason'], bad.headers.location], [400, reason, undefined]);
  }
  await until(t, 'these as well', () => gateway.openExchanges === 0);
  const made = upstream.calls(method('Up'));
  await until(t, 'they go on for nobody', () => made.slice(1).every(({ cancelled }) => cancelled));
  t.notOk(made[0]?.cancelled);
  t.same(
    calls()
      .slice(3)
      .map(({ code }) => code),
    ['INVALID_ARGUMENT', 'INVALID_ARGUMENT'],
  );
  const head = await http(`${url}${method('Down')}?lastEventId=~now`, { method: 'HEAD' });
  t.equal(head.status, 200);
  await until(t, 'it has its head', () => calls().length === 6);
  t.equal(calls()[5]?.code, 'OK');
});
