import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import t from 'tap';
import { createClient } from '../../../../clients/browser/index.js';
import { createMemoryGateway, fetchRefused, type MemorySocket } from '../memory-gateway.js';

const total = 40;
const window = 5;
const windowBytes = 100;
/** Of the message with this number, as a service with messages of all sizes would have them. */
const bytesOf = (n: number) => [0, 1, 30, 99, 250][(n * 7) % 5] as number;
const streamCount = 3;

/** What may happen next, by weight: mostly that things go on, sometimes that they go wrong. */
const steps = [
  ...Array(6).fill('write'),
  ...Array(6).fill('deliver'),
  ...Array(6).fill('take'),
  ...Array(4).fill('consume'),
  'accept',
  'accept',
  'refuse',
  'fail',
  'leave',
  'lose',
] as const;

/** Streams of 1 to `total`, each consumed by a page, over gateways that leave, break and fail as the schedule says. */
async function play(choices: readonly number[]) {
  const { sockets, WebSocket } = createMemoryGateway();
  const client = createClient({
    baseUrl: 'http://gateway.invalid',
    WebSocket,
    fetch: fetchRefused,
    session: { callsPerSession: 2, reconnectBaseMs: 0, reconnectMaxMs: 0, idleMs: 0 },
  });
  const pages = Array.from({ length: streamCount }, (_, at) => {
    const call = client.call<{ n: number }>(`demo.Clock/Tick${at}`, {
      request: {},
      cursor: '0',
      credit: window,
      creditBytes: windowBytes,
      maxReconnects: Number.POSITIVE_INFINITY,
      reconnectBaseMs: 0,
      reconnectMaxMs: 0,
    });
    return { call, taken: 0, asking: false, done: false };
  });

  const consume = (page: (typeof pages)[number]) => {
    if (page.asking || page.done) return;
    page.asking = true;
    page.call.messages.next().then(
      ({ done, value }) => {
        page.asking = false;
        if (done === true) page.done = true;
        else {
          assert.equal(value.n, page.taken + 1, 'in order, none lost, none twice');
          page.taken += 1;
        }
      },
      (error: unknown) => assert.fail(String(error)),
    );
  };
  const write = (socket: MemorySocket, pick: number) => {
    const streams = [...socket.streams.values()].filter(({ asked, over }) => asked && !over);
    const stream = streams[pick % Math.max(streams.length, 1)];
    if (stream === undefined) return;
    if (stream.at === total) return socket.end(stream.id, 0);
    if (stream.credit === 0 || stream.bytes <= 0) return;
    stream.credit -= 1;
    stream.at += 1;
    const bytes = bytesOf(stream.at);
    stream.bytes -= bytes;
    socket.write('message', { id: stream.id, data: { n: stream.at }, cursor: String(stream.at), bytes });
    const page = pages[Number(stream.method.at(-1))] as (typeof pages)[number];
    // But for the last one, and with the one that the page works on: it has not asked for the next.
    let held = 0;
    const first = page.asking ? page.taken + 1 : Math.max(page.taken, 1);
    for (let n = first; n < stream.at; n += 1) held += bytesOf(n);
    assert.ok(held < windowBytes, `never more bytes than the window and one message: ${held}`);
    assert.ok(stream.at <= page.taken + window, 'never more on their way than the window, in no attempt');
  };
  const step = (name: (typeof steps)[number], pick: number) => {
    const open = sockets.filter(({ state }) => state === 'open');
    const socket = open[pick % Math.max(open.length, 1)];
    switch (name) {
      case 'consume':
        return consume(pages[pick % streamCount] as (typeof pages)[number]);
      case 'accept':
        return sockets.find(({ state }) => state === 'connecting')?.accept();
      case 'refuse':
        return sockets.find(({ state }) => state === 'connecting')?.lose();
      case 'write':
        return socket && write(socket, pick);
      case 'deliver':
        return socket?.deliver();
      case 'take':
        return socket?.take();
      case 'fail': {
        const stream = socket?.streams.get(1 + (pick % Math.max(socket.streams.size, 1)));
        if (stream && !stream.over) socket?.end(stream.id, [14, 8, 10, 4][pick % 4] as number);
        return;
      }
      case 'leave':
        if (socket === undefined || socket.leaving) return;
        socket.leaving = true;
        return socket.write('goAway', { graceMs: 1000, reconnectAfterMs: 1 });
      case 'lose':
        return socket?.lose(pick % 2 === 0 ? 1006 : 1001);
    }
  };
  for (const choice of choices) {
    step(steps[choice % steps.length] as (typeof steps)[number], Math.floor(choice / steps.length));
    await turn();
  }
  // From here on nothing goes wrong any more: all that is not yet there comes.
  for (let round = 0; pages.some(({ done }) => !done); round += 1) {
    assert.ok(round < 5000, `a deadlock: ${JSON.stringify(pages.map(({ taken }) => taken))}`);
    for (const name of ['accept', 'take', 'write', 'deliver'] as const) {
      for (let pick = 0; pick < sockets.length; pick += 1) step(name, pick + round);
    }
    for (const page of pages) consume(page);
    await turn();
  }
  assert.deepEqual(
    pages.map(({ taken }) => taken),
    Array(streamCount).fill(total),
  );
  // The client was never answered with what section 12 forbids, so nothing was closed for that.
  assert.ok(sockets.every(({ closedWith }) => closedWith !== 4400));
  for (let round = 0; round < 100; round += 1) {
    for (const socket of sockets) {
      socket.take();
      if (socket.state === 'open') socket.deliver();
    }
  }
  for (const socket of sockets) {
    if (socket.state !== 'open') continue;
    assert.ok(
      [...socket.streams.values()].every(({ over }) => over),
      'no call is left at a gateway',
    );
  }
  client.close();
  assert.ok(sockets.every(({ state, listenerCount }) => state === 'closed' && listenerCount === 0));
}

t.test('whatever goes wrong in whatever order, each message comes once and in order', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 100_000 }), { minLength: 50, maxLength: 400 }), play),
    { numRuns: 1000 },
  );
  t.pass();
});
