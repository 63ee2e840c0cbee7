import t from 'tap';
import { bytes, method, openForeign } from '../../../support/foreign.js';
import { http, sseEvents, until } from '../../../support/http.js';
import { type Frame, openOf, openSession, PROTOCOLS, type SessionClient } from '../../../support/session.js';

// Calls of a session that outlive it: detached, joined, left and stopped.

const NEVER = new Promise<void>(() => {});
const AS_A = { headers: { authorization: 'a' } };

/** A service that sends two numbers and goes on until it is cancelled, recorded. */
async function serve(t: Parameters<typeof openForeign>[0], rules: Record<string, object>, limits = {}) {
  const methods = Object.fromEntries(
    Object.entries(rules).map(([name, recording]) => [
      method(name).slice(1),
      { recording: recording as never },
    ]),
  );
  const numbers = [{ out: await bytes({ number: 1 }) }, { out: await bytes({ number: 2 }) }];
  return await openForeign(
    t,
    {
      Down: [{ in: 'end' }, ...numbers, { wait: NEVER }],
      Ask: [{ in: 'end' }, { out: await bytes({ text: 'answer' }) }],
      Both: [{ in: 1 }, ...numbers, { in: 'end' }, { wait: NEVER }],
    },
    { config: { methods }, limits },
  );
}

const numbersOf = (frames: readonly object[]) =>
  frames.flatMap((frame) =>
    'message' in frame ? [(frame.message as { data: { number: number } }).data.number] : [],
  );

/** What comes in a call up to so many messages. */
async function upTo(count: number, client: SessionClient, id: number): Promise<Frame[]> {
  const frames: Frame[] = [];
  while (numbersOf(frames).length < count) {
    const frame = await client.of(id);
    if (frame === undefined || frame.end !== undefined) throw new Error(`ended: ${JSON.stringify(frame)}`);
    frames.push(frame);
  }
  return frames;
}

for (const protocol of PROTOCOLS) {
  t.test(`${protocol}: a call is detached, joined, left and stopped`, async (t) => {
    const { url, wsUrl, upstream, gateway } = await serve(t, { Down: {}, Ask: { detach: true }, Both: {} });
    const one = await openSession(wsUrl, protocol, AS_A);
    await one.send(openOf(1, 'Down', { detach: true }), { message: { id: 1, data: {} } });
    const { opened } = (await one.of(1)) ?? {};
    const location = String(opened?.location);
    t.match(location, /^\/_sluice\/calls\/[\w-]{22}$/);
    t.equal(opened?.credit, 1);
    const [first] = (await upTo(2, one, 1)).filter((frame) => frame.message);
    t.match(first, { message: { cursor: /^~[\w-]{22}\.1$/ } });
    const epoch = String(first?.message?.cursor).slice(1, -2);

    // Who leaves it leaves it running, by `cancel` or by closing the session.
    await one.send({ cancel: { id: 1 } });
    t.match((await one.all(1)).at(-1), { end: { status: { code: 1 } } });
    await until(t, 'it has left', () => gateway.openExchanges === 0);
    const head = async () => (await http(url + location, { method: 'HEAD', ...AS_A })).headers;
    t.match(await head(), { 'sluice-call-state': 'running' });
    const gone = await openSession(wsUrl, protocol, AS_A);
    await gone.send({ open: { id: 1, location, credit: 1 } });
    t.same(await gone.of(1), { opened: { id: 1, credit: 0, location } });
    gone.test.socket.terminate();

    // Joined in the same session again, from the beginning and from a cursor; by the whole address, too.
    await one.send(
      { open: { id: 2, location: `https://example.org/api${location}`, credit: 10 } },
      { open: { id: 3, location, cursor: `~${epoch}.1`, credit: 10 } },
      { open: { id: 4, location, cursor: `~${epoch}.9`, credit: 10 } },
      { open: { id: 5, location, cursor: '~end', credit: 10 } },
    );
    const second = await upTo(2, one, 2);
    t.same(second[0], { opened: { id: 2, credit: 0, location } });
    t.same(numbersOf(second), [1, 2]);
    t.same(numbersOf(await upTo(1, one, 3)), [2]);
    t.match((await one.all(4)).at(-1), { end: { status: { code: 3 } } }, 'it has not come that far');
    t.match(await one.all(5), [{ end: { status: { code: 0 } } }], 'nothing begins after the end');

    // Who joins sends nothing, which ends that part alone.
    await one.send({ message: { id: 3, data: {} } });
    t.match((await one.all(3)).at(-1), { end: { status: { code: 3, message: /sends no messages/ } } });
    await one.send({ open: { id: 6, location, credit: 1 } }, { halfClose: { id: 6 } }, { cancel: { id: 6 } });
    t.match((await one.all(6)).at(-1), { end: { status: { code: 1 } } });
    t.notOk(upstream.calls(method('Down'))[0]?.cancelled);

    // Another principal, nothing there, and both at once.
    const other = await openSession(wsUrl, protocol, { headers: { authorization: 'b' } });
    await other.send(
      { open: { id: 1, location, credit: 1 } },
      { open: { id: 2, location: '/_sluice/calls/AAAAAAAAAAAAAAAAAAAAAA' } },
      { open: { id: 3, location: 'nowhere' } },
      { open: { id: 4, location, method: 'foreign.v1.Foreign/Down' } },
      { open: { id: 5, location, credit: 1, metadata: { authorization: 'a' } } },
    );
    for (const id of [1, 2, 3]) t.match(await other.all(id), [{ end: { status: { code: 5 } } }]);
    t.match(await other.all(4), [{ end: { status: { code: 3, message: /method and a location/ } } }]);
    t.match(await other.of(5), { opened: { location } }, 'a call may have a credential of its own');

    // Stopped for everybody.
    const sse = http(url + location, { headers: { ...AS_A.headers, accept: 'text/event-stream' } });
    await one.send({ stop: { id: 2 } });
    t.match((await one.all(2)).at(-1), { end: { status: { code: 1 } } });
    await until(t, 'the service is told', () => upstream.calls(method('Down'))[0]?.cancelled === true);
    t.match(await head(), { 'sluice-call-state': 'ended', 'grpc-status': '1' });
    t.equal(sseEvents((await sse).text).at(-1)?.event, 'error');
    t.equal(upstream.calls(method('Down')).length, 1);

    // The rule says it; unary; all in one go, and the client is gone at once.
    await one.send(openOf(7, 'Ask'), { message: { id: 7, data: { text: 'q' } } }, { cancel: { id: 7 } });
    const asked = await one.all(7);
    t.match(asked.at(-1), { end: { status: { code: 1 } } });
    const unary = String(asked[0]?.opened?.location);
    t.equal((await http(url + unary, AS_A)).text, '{"text":"answer"}');
    await one.send({ open: { id: 8, location: unary, credit: 1 } });
    t.match((await one.all(8)).slice(-2), [
      { message: { data: { text: 'answer' } } },
      { end: { status: { code: 0 } } },
    ]);

    // The same key is the same call.
    const keyed = { idempotencyKey: 'k' };
    for (const id of [20, 21]) {
      await one.send(openOf(id, 'Down', keyed), { message: { id, data: {} } });
      t.same(numbersOf(await upTo(2, one, id)), [1, 2]);
    }
    t.equal(upstream.calls(method('Down')).length, 2);
    await one.send(openOf(22, 'Down', keyed), { message: { id: 22, data: { text: 'other' } } });
    t.match((await one.all(22)).at(-1), {
      end: { status: { details: [{ reason: 'IDEMPOTENCY_CONFLICT' }] } },
    });
    await one.send({ cancel: { id: 20 } }, { cancel: { id: 21 } });

    // Stopped in one go with what begins it, and with what joins it.
    const stateOf = async (path: unknown) =>
      (await http(url + String(path), { method: 'HEAD', ...AS_A })).headers;
    const stopped = { 'sluice-call-state': 'ended', 'grpc-status': '1' };
    await one.send(
      openOf(23, 'Down', { detach: true }),
      { message: { id: 23, data: {} } },
      { stop: { id: 23 } },
    );
    const [begun, ...rest] = await one.all(23);
    t.match(rest.at(-1), { end: { status: { code: 1 } } });
    t.match(await stateOf(begun?.opened?.location), stopped);
    await one.send(openOf(24, 'Down', { detach: true }), { message: { id: 24, data: {} } });
    const [running] = await upTo(1, one, 24);
    const place = String(running?.opened?.location);
    // Found as soon as the client has sent what it needs, also in the same breath.
    await one.send(openOf(25, 'Down', { detach: true }));
    const { opened: told } = (await one.of(25)) ?? {};
    await one.send(
      { message: { id: 25, data: {} } },
      { open: { id: 26, location: String(told?.location), credit: 10 } },
    );
    t.same(numbersOf(await upTo(2, one, 26)), [1, 2]);
    await one.send({ stop: { id: 25 } });
    t.match((await one.all(26)).at(-1), { end: { status: { code: 1 } } });
    const late = await openSession(wsUrl, protocol, AS_A);
    await late.send({ open: { id: 1, location: place, credit: 1 } }, { stop: { id: 1 } });
    t.match((await late.all(1)).at(-1), { end: { status: { code: 1 } } });
    t.match(await stateOf(place), stopped);
    t.match((await one.all(24)).at(-1), { end: { status: { code: 1 } } });
    late.test.socket.close();

    // Both ways: the upward half ends with its client.
    await one.send(openOf(9, 'Both', { detach: true }), { message: { id: 9, data: {} } });
    await upTo(2, one, 9);
    t.notOk(upstream.calls(method('Both'))[0]?.halfClosed);
    await one.send({ cancel: { id: 9 } });
    await until(t, 'half-closed', () => upstream.calls(method('Both'))[0]?.halfClosed === true);
    t.notOk(upstream.calls(method('Both'))[0]?.cancelled);

    // A method without a rule ignores `detach`, and `stop` is `cancel` there.
    await one.send(openOf(10, 'Up', { detach: true }));
    const plain = await one.of(10);
    t.match(plain, { opened: { credit: 16 } });
    t.equal(plain?.opened?.location, undefined);
    await one.send({ stop: { id: 10 } });
    t.match((await one.all(10)).at(-1), { end: { status: { code: 1 } } });
    one.test.socket.close();
    other.test.socket.close();
    await until(t, 'nothing is left', () => gateway.openExchanges === 0);
  });
}

t.test('equal requests that share a call: each has its location, and counts', async (t) => {
  const { url, wsUrl, upstream } = await serve(
    t,
    { Down: { sharing: 'everyone', start: 'beginning', maxAgeMs: 300 } },
    { detachedPerPrincipal: 2 },
  );
  const one = await openSession(wsUrl, 'sluice.v1.json', AS_A);
  const other = await openSession(wsUrl, 'sluice.v1.json', { headers: { authorization: 'b' } });
  const open = async (client: typeof one, id: number) => {
    await client.send(openOf(id, 'Down', { detach: true }), { message: { id, data: {} } });
    return String((await client.of(id))?.opened?.location);
  };
  const locations = [await open(one, 1), await open(one, 2)];
  t.not(locations[0], locations[1]);
  await until(t, 'one call', () => upstream.calls(method('Down')).length === 1);
  await open(one, 3);
  t.match((await one.all(3)).at(-1), {
    end: { status: { code: 8, details: [{ reason: 'DETACHED_LIMIT' }] } },
  });
  const foreign = await open(other, 1);
  await upTo(2, other, 1);
  await other.send({ stop: { id: 1 } });
  t.match(
    (await other.all(1)).at(-1),
    { end: { status: { code: 5 } } },
    'who has not opened it cannot stop it',
  );
  for (const location of [...locations, foreign])
    t.match((await http(url + location, { method: 'HEAD' })).headers, { 'sluice-call-state': 'running' });
  await one.send({ stop: { id: 1 } });
  t.match((await one.all(1)).at(-1), { end: { status: { code: 1 } } });
  await until(t, 'it is over for all', () => upstream.calls(method('Down'))[0]?.cancelled === true);
  t.match((await one.all(2)).at(-1), { end: { status: { code: 1 } } });
  let status = 200;
  while (status === 200) ({ status } = await http(url + locations[1], { method: 'HEAD' }));
  t.equal(status, 410, 'gone with what was recorded');
  await one.send({ open: { id: 4, location: String(locations[0]) } });
  t.match(await one.all(4), [{ end: { status: { code: 5, details: [{ reason: 'CALL_GONE' }] } } }]);
  t.match(await open(one, 5), /^\/_sluice/, 'and counts no more');
  one.test.socket.close();
  other.test.socket.close();
});

for (const protocol of PROTOCOLS) {
  t.test(`${protocol}: a call with an idempotency key is made once`, async (t) => {
    const { url, wsUrl, upstream } = await serve(t, { Ask: {}, Down: {} });
    const one = await openSession(wsUrl, protocol, AS_A);
    const ask = async (id: number, more: object, text = 'q') => {
      await one.send(openOf(id, 'Ask', { ...more }), { message: { id, data: { text } } });
      return await one.all(id);
    };
    const key = { idempotencyKey: 'a key' };
    const answer = (id: number) => ({ message: { id, data: { text: 'answer' } } });
    t.match(
      (await ask(1, key)).find((frame) => frame.message),
      answer(1),
    );
    const second = await ask(2, key);
    t.match(
      second.find((frame) => frame.message),
      answer(2),
    );
    t.equal(upstream.calls(method('Ask')).length, 1);
    // By HTTP it is the same one.
    const headers = { ...AS_A.headers, 'content-type': 'application/json', 'idempotency-key': 'a key' };
    const body = '{"text":"q"}';
    t.equal((await http(url + method('Ask'), { method: 'POST', headers, body })).text, '{"text":"answer"}');
    t.equal(upstream.calls(method('Ask')).length, 1);
    t.match((await ask(3, key, 'other')).at(-1), { end: { status: { code: 3 } } });
    t.match((await ask(4, { idempotencyKey: 'k'.repeat(256) })).at(-1), { end: { status: { code: 3 } } });
    t.match((await ask(5, { idempotencyKey: 'é' })).at(-1), { end: { status: { code: 3 } } });
    t.equal(upstream.calls(method('Ask')).length, 1);
    // Detached, each client has a location of its own, and both lead to it.
    const locations: string[] = [];
    for (const id of [6, 7]) {
      const more = { detach: true, idempotencyKey: 'another' };
      await one.send(openOf(id, 'Down', more), { message: { id, data: {} } });
      locations.push(String((await one.of(id))?.opened?.location));
      t.same(numbersOf(await upTo(2, one, id)), [1, 2]);
    }
    t.not(locations[0], locations[1]);
    t.equal(upstream.calls(method('Down')).length, 1);
    for (const location of locations)
      t.equal((await http(url + location, { method: 'HEAD', ...AS_A })).status, 200);
    one.test.socket.terminate();
  });
}
