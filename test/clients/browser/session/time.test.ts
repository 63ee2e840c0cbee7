import { mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { Code, createClient, type SessionOptions } from '../../../../clients/browser/index.js';
import { createMemoryGateway, fetchRefused, type MemorySocket } from '../memory-gateway.js';

/** The test's own clock: time passes only by `tick`. */
function stopClock(t: Test) {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  t.teardown(() => mock.timers.reset());
  return async (ms: number) => {
    await turn();
    mock.timers.tick(ms);
    await turn();
  };
}

t.test('a gateway that stays away is tried again ever more seldom, and never by many at once', async (t) => {
  const tick = stopClock(t);
  t.teardown(() => mock.reset());
  // The longest wait that the jitter allows; that it is random is shown in backoff.test.ts.
  mock.method(Math, 'random', () => 1);
  const { sockets, client } = openClient({ reconnectBaseMs: 100, reconnectMaxMs: 500 });
  const last = () => sockets.at(-1) as MemorySocket;
  const call = () => client.call('demo.Clock/Tick', { request: {} });
  call();
  await turn();
  t.equal(sockets.length, 1);
  for (const [at, waitMs] of [100, 200, 400, 500, 500].entries()) {
    last().lose();
    // HTTP was not answered either.
    await turn();
    // However many calls there are, one socket is tried.
    const calls = [call(), call(), call()];
    await tick(waitMs - 1);
    t.equal(sockets.length, at + 1, `nothing before ${waitMs} ms`);
    await tick(1);
    t.equal(sockets.length, at + 2);
    if (at === 4) for (const one of calls) one.cancel();
  }
  // It is back, and says something: the count begins anew.
  const back = call();
  last().accept();
  await turn();
  last().take();
  last().deliver();
  last().end(1, 0);
  last().deliver();
  t.equal((await back.status).code, Code.OK);
  call();
  await turn();
  last().lose();
  call();
  await tick(99);
  t.equal(sockets.length, 6);
  await tick(1);
  t.equal(sockets.length, 7);
  client.close();
});

t.test('a gateway that leaves is given its time before another socket is opened', async (t) => {
  const tick = stopClock(t);
  const { sockets, client } = openClient({ reconnectMaxMs: 10_000 });
  const first = client.call('demo.Clock/Tick', { request: {} });
  await turn();
  const [socket] = sockets as [MemorySocket];
  socket.accept();
  await turn();
  socket.take();
  socket.write('goAway', { graceMs: 30_000, reconnectAfterMs: 3000 });
  socket.deliver();
  socket.deliver();
  client.call('demo.Clock/Tick', { request: {} });
  await tick(2999);
  t.equal(sockets.length, 1);
  await tick(1);
  t.equal(sockets.length, 2);
  t.equal(socket.state, 'open', 'the call before goes on where it is');
  socket.end(1, 0);
  socket.deliver();
  t.equal((await first.status).code, Code.OK);
  t.equal(socket.state, 'closed');
  client.close();
});

t.test('a gateway that fell silent is asked; one that does not answer is given up', async (t) => {
  const tick = stopClock(t);
  const { sockets, client } = openClient({ pingMs: 100 });
  const call = client.call('demo.Clock/Tick', { request: {} });
  await turn();
  const [socket] = sockets as [MemorySocket];
  socket.accept();
  await turn();
  const pings = () => socket.up.filter((text) => text.startsWith('{"ping"')).length;
  /** The gateway takes and answers whatever has come. */
  const answer = () => {
    while (socket.up.length > 0) socket.take();
    while (socket.down.length > 0) socket.deliver();
  };
  answer();
  await tick(100);
  answer();
  for (let round = 0; round < 3; round += 1) {
    await tick(100);
    t.equal(pings(), 1);
    answer();
    await tick(100);
    t.equal(pings(), 0, 'who answered is not asked at once');
  }
  await tick(100);
  t.equal(pings(), 1);
  t.equal(socket.state, 'open');
  await tick(100);
  t.match(await call.status, { code: Code.UNAVAILABLE, message: /does not answer/ });
  t.equal(socket.state, 'closed');
  t.equal(pings(), 1, 'asked once');
  client.close();
});

t.test('no call waits any more: no socket is opened', async (t) => {
  const tick = stopClock(t);
  const { sockets, client } = openClient({ reconnectBaseMs: 100 });
  const lost = client.call('demo.Clock/Tick', { request: {} });
  await turn();
  sockets[0]?.lose();
  t.equal((await lost.status).code, Code.UNAVAILABLE);
  const call = client.call('demo.Clock/Tick', { request: {} });
  await turn();
  call.cancel();
  t.equal((await call.status).code, Code.CANCELLED, 'not after the wait, but now');
  await tick(10_000);
  t.equal(sockets.length, 1);
  client.close();
});

function openClient(session: SessionOptions) {
  const { sockets, WebSocket } = createMemoryGateway();
  return {
    sockets,
    client: createClient({ baseUrl: 'http://gateway.invalid', WebSocket, fetch: fetchRefused, session }),
  };
}
