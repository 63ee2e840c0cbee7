import { once } from 'node:events';
import t from 'tap';
import { bytes, json, method, openForeign } from '../../../support/foreign.js';
import { settled, until } from '../../../support/http.js';
import { endOf, type Frame, nameOf, openOf, openSession, PROTOCOLS } from '../../../support/session.js';

const _never = new Promise<never>(() => {});

for (const protocol of PROTOCOLS) {
  t.test(`a page that grants nothing stops the service, to the message: ${protocol}`, async (t) => {
    const { wsUrl, upstream } = await openForeign(t, {
      Down: [{ in: 'end' }, { out: await bytes({ text: 'x'.repeat(1_000) }), times: 1_000_000 }],
    });
    const client = await openSession(wsUrl, protocol);
    await client.send(openOf(1, 'Down', { credit: 3 }), { message: { id: 1, data: {} } });
    const call = await upstream.call(method('Down'));
    const messages = () => client.test.frames.length - 2;
    const stalled = await settled(() => call.accepted);
    t.equal(messages(), 3);
    // The service's own buffer, the window and read-ahead of the transport, and one batch of it in the gateway.
    t.ok(stalled < 1_200, `${stalled} messages were accepted`);
    await client.send({ credit: { id: 1, messages: 5 } });
    await settled(() => call.accepted);
    t.equal(messages(), 8);
    await client.send({ credit: { id: 1, messages: 10_000 } });
    await until(t, 'all that was granted', () => messages() === 10_008);
    const later = await settled(() => call.accepted);
    t.equal(messages(), 10_008);
    // The window of a stream that moves has grown to 1 MiB.
    t.ok(later < 10_008 + 1_800, `${later} messages were accepted`);
    await client.send({ cancel: { id: 1 } });
    await call.over;
    t.ok(call.cancelled);
  });

  t.test(`a service that takes nothing stops the page, to the message: ${protocol}`, async (t) => {
    let go: () => void = () => {};
    const wait = new Promise<void>((resolve) => {
      go = resolve;
    });
    const { wsUrl, upstream } = await openForeign(t, {
      Up: [{ wait }, { in: 'end' }, { out: await bytes({ text: 'done' }) }],
    });
    const client = await openSession(wsUrl, protocol);
    await client.send(openOf(1, 'Up'));
    const total = 400;
    let sent = 0;
    let credit = 0;
    let taken = 0;
    const push = async () => {
      for (; taken < client.test.frames.length; taken += 1) {
        const frame = (await client.next()) as Frame;
        credit += Number(frame.opened?.credit ?? frame.credit?.messages ?? 0);
      }
      for (; credit > 0 && sent < total; credit -= 1) {
        sent += 1;
        await client.send({ message: { id: 1, data: { number: sent, text: 'x'.repeat(10_000) } } });
      }
    };
    const pushing = setInterval(() => void push(), 5);
    t.teardown(() => clearInterval(pushing));
    await until(t, 'the first to be sent', () => sent > 0);
    const stalled = await settled(() => sent);
    t.ok(stalled >= 16 && stalled < 200, `${stalled} messages went out`);
    go();
    await until(t, 'all to be sent', () => sent === total);
    clearInterval(pushing);
    await client.send({ halfClose: { id: 1 } });
    t.match((await client.all(1)).at(-1), endOf(1));
    const { received } = await upstream.call(method('Up'));
    const numbers = await Promise.all(
      received.map(async (message) => ((await json(message)) as { number: number }).number),
    );
    t.same(
      numbers,
      Array.from({ length: total }, (_, index) => index + 1),
    );
  });
}

t.test('dropped messages are told before the next one', async (t) => {
  const out = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => ({ out: await bytes({ number: index + 1 }) })),
  );
  const { wsUrl, upstream } = await openForeign(
    t,
    { Down: [{ in: 'end' }, ...out, { status: 'OK' }] },
    { config: { methods: { [nameOf('Down')]: { slowReader: { policy: 'drop-oldest', maxMessages: 5 } } } } },
  );
  const client = await openSession(wsUrl);
  await client.send(openOf(1, 'Down', { credit: 1 }), { message: { id: 1, data: {} } });
  const call = await upstream.call(method('Down'));
  await call.over;
  await settled(() => client.test.frames.length, 100);
  await client.send({ credit: { id: 1, messages: 100 } });
  const frames = (await client.all(1)).slice(2);
  const dropped = frames.reduce((sum, frame) => sum + Number(frame.dropped?.count ?? 0), 0);
  const numbers = frames.flatMap(({ message }) =>
    message === undefined ? [] : [(message.data as { number: number }).number],
  );
  t.equal(dropped + numbers.length, 50, 'delivered or counted');
  t.ok(dropped > 0);
  t.same(numbers.slice(-5), [46, 47, 48, 49, 50]);
  t.ok(frames.at(-1)?.end);
});

t.test('a hundred calls on a socket, each with its own pace', async (t) => {
  const { wsUrl, gateway } = await openForeign(t, { Both: [{ echo: true }] });
  for (const protocol of PROTOCOLS) {
    const client = await openSession(wsUrl, protocol);
    const calls = 100;
    const perCall = 30;
    const state = Array.from({ length: calls }, () => ({ sent: 0, credit: 0, got: 0, ended: false }));
    for (let id = 1; id <= calls; id += 1) {
      await client.send(openOf(id, 'Both', { credit: 1 + (id % 3) + (id % 4) }));
    }
    let ended = 0;
    while (ended < calls) {
      const frame = await client.next();
      if (frame === undefined) break;
      const [[kind, value]] = Object.entries(frame) as [[string, Record<string, never>]];
      const id = Number(value.id);
      const call = state[id - 1];
      if (call === undefined || call.ended) throw new Error(`${kind} for ${id}`);
      if (kind === 'opened') call.credit += Number(value.credit);
      else if (kind === 'credit') call.credit += Number(value.messages);
      else if (kind === 'message') {
        call.got += 1;
        const { number } = value.data as unknown as { number: number };
        if (number !== call.got) throw new Error(`call ${id} got ${number} as number ${call.got}`);
        if (call.got % (1 + (id % 3)) === 0) await client.send({ credit: { id, messages: 1 + (id % 3) } });
      } else if (kind === 'end') {
        call.ended = true;
        ended += 1;
        if (call.got !== perCall) t.fail(`call ${id} ended after ${call.got}`);
      }
      while (call.credit > 0 && call.sent < perCall && !call.ended) {
        call.credit -= 1;
        call.sent += 1;
        await client.send({
          message: { id, data: { number: call.sent, text: 'x'.repeat((id * 37) % 3_000) } },
        });
        if (call.sent === perCall) await client.send({ halfClose: { id } });
      }
    }
    t.equal(ended, calls, protocol);
    client.test.socket.close();
    await once(client.test.socket, 'close');
    await until(t, 'no exchange', () => gateway.openExchanges === 0);
  }
});
