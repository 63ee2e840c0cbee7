import type { JsonObject } from '@bufbuild/protobuf';
import t, { type Test } from 'tap';
import type { GatewayOptions, MethodConfig } from '../../../../gateway/index.js';
import { bytes, method, openForeign } from '../../../support/foreign.js';
import { http, settled, until } from '../../../support/http.js';
import { quiet } from '../../../support/quiet.js';
import { type Frame, openSession, PROTOCOLS } from '../../../support/session.js';

// With credit it is the client that says how slow it is, so here nothing depends on what buffers hold.

const name = (short: string) => method(short).slice(1);
const config = (slowReader: MethodConfig['slowReader']): Partial<GatewayOptions> => ({
  config: { methods: { [name('Down')]: { slowReader } } },
});
const openOf = (id: number, credit: number): Frame => ({ open: { id, method: name('Down'), credit } });
const ask = (id: number): Frame => ({ message: { id, data: {} } });
const credit = (id: number, messages: number): Frame => ({ credit: { id, messages } });

async function sends(...messages: [text: string, number: number][]) {
  return await Promise.all(messages.map(async ([text, number]) => ({ out: await bytes({ text, number }) })));
}

/** What a frame says, in short: "a3", "-2" or "OK". */
function short(frame: Frame | undefined): string {
  const data = frame?.message?.data as { text: string; number: number } | undefined;
  if (data !== undefined) return `${data.text}${data.number}`;
  if (frame?.dropped !== undefined) return `-${frame.dropped.count}`;
  if (frame?.end !== undefined) return `end ${(frame.end.status as { code: number }).code}`;
  return Object.keys(frame ?? {})[0] ?? 'closed';
}

for (const protocol of PROTOCOLS) {
  t.test(
    `${protocol}: conflate gives each credit the newest of the oldest key, and says what was missed`,
    async (t) => {
      let goOn: () => void = () => {};
      const wait = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const first = await sends(['a', 1], ['b', 1], ['a', 2], ['c', 1], ['b', 2], ['a', 3]);
      const second = await sends(['d', 1], ['c', 2], ['d', 2]);
      const { wsUrl, upstream, gateway } = await openForeign(
        t,
        { Down: [{ in: 'end' }, ...first, { wait }, ...second] },
        config({ policy: 'conflate', key: 'text' }),
      );
      const dropped = async () => {
        const { text } = await http(`${gateway.adminUrl}/metrics`);
        return Number(/^sluice_messages_dropped_total\{.*policy="conflate"\} (\d+)$/m.exec(text)?.[1]);
      };
      const droppedIs = async (wanted: number) => {
        while ((await dropped()) !== wanted) await quiet(5);
      };
      const client = await openSession(wsUrl, protocol);
      t.equal(await dropped(), 0, 'shown before anything has been dropped');
      await client.send(openOf(1, 0), ask(1));
      const call = await upstream.call(method('Down'));
      await until(t, 'the service to send without any credit', () => call.accepted === 6);
      await droppedIs(3);
      const frames: string[] = [];
      const take = async (count: number) => {
        for (let n = 0; n < count; n += 1) frames.push(short(await client.of(1)));
        return frames.splice(0);
      };
      t.same(await take(1), ['opened']);
      await client.send(credit(1, 1));
      t.same(
        (await take(3)).filter((frame) => frame !== 'headers'),
        ['-3', 'a3'],
      );
      goOn();
      await call.over;
      await droppedIs(5);
      await client.send(credit(1, 1));
      t.same(await take(2), ['-2', 'b2']);
      await client.send(credit(1, 1));
      t.same(await take(1), ['c2']);
      await client.send(credit(1, 1));
      t.same(await take(2), ['d2', 'end 0'], 'the end comes after everything that was kept');
      await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
    },
  );
}

for (const protocol of PROTOCOLS) {
  t.test(
    `${protocol}: conflate gives each credit in bytes the newest, though messages are plenty`,
    async (t) => {
      let goOn: () => void = () => {};
      const wait = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const first = await sends(['a', 1], ['b', 1], ['a', 2], ['c', 1], ['b', 2], ['a', 3]);
      const second = await sends(['c', 2], ['b', 3]);
      const { wsUrl, upstream, gateway } = await openForeign(
        t,
        { Down: [{ in: 'end' }, ...first, { wait }, ...second] },
        config({ policy: 'conflate', key: 'text' }),
      );
      const client = await openSession(wsUrl, protocol);
      const open = { id: 1, method: name('Down'), credit: 0, creditBytes: 1 };
      await client.send({ open }, ask(1));
      const call = await upstream.call(method('Down'));
      await until(t, 'the service to send without any credit', () => call.accepted === 6);
      const droppedIs = async (wanted: number) => {
        const line = /^sluice_messages_dropped_total\{.*policy="conflate"\} (\d+)$/m;
        const dropped = async () => Number(line.exec((await http(`${gateway.adminUrl}/metrics`)).text)?.[1]);
        while ((await dropped()) !== wanted) await quiet(5);
      };
      await droppedIs(3);
      const frames: string[] = [];
      const take = async (wanted: string) => {
        while (frames.at(-1) !== wanted) frames.push(short(await client.of(1)));
        return frames.splice(0).filter((frame) => frame !== 'headers');
      };
      // Every message crosses the one byte, so what comes after it is kept where newer ones replace it.
      await client.send(credit(1, 1_000));
      t.same(await take('a3'), ['opened', '-3', 'a3']);
      goOn();
      await call.over;
      await droppedIs(5);
      const size = (await bytes({ text: 'a', number: 3 })).length;
      await client.send({ credit: { id: 1, bytes: size } });
      t.same(await take('b3'), ['-2', 'b3']);
      await client.send({ credit: { id: 1, bytes: size } });
      t.same(await take('c2'), ['c2']);
      t.same(await take('end 0'), ['end 0']);
    },
  );

  t.test(
    `${protocol}: drop-oldest within credit in bytes gives what fits, and counts the rest`,
    async (t) => {
      const messages = await sends(...Array.from({ length: 50 }, (_, at): [string, number] => ['m', at + 1]));
      const { wsUrl, upstream } = await openForeign(
        t,
        { Down: [{ in: 'end' }, ...messages, { status: 'OK' }] },
        config({ policy: 'drop-oldest', maxMessages: 4 }),
      );
      const client = await openSession(wsUrl, protocol);
      const size = (await bytes({ text: 'm', number: 1 })).length;
      // Room for two and a half, so for three.
      const creditBytes = Math.floor(size * 2.5);
      await client.send({ open: { id: 1, method: name('Down'), credit: 1_000, creditBytes } }, ask(1));
      const call = await upstream.call(method('Down'));
      await call.over;
      const got: number[] = [];
      let dropped = 0;
      let before = 3;
      for (;;) {
        const frame = await client.of(1);
        if (frame?.end !== undefined) break;
        dropped += Number(frame?.dropped?.count ?? 0);
        if (frame?.message === undefined) continue;
        got.push((frame.message.data as { number: number }).number);
        before -= 1;
        // All of it is paid back when the credit is used up.
        if (before === 0) {
          await client.send({ credit: { id: 1, bytes: size * 3 } });
          before = 3;
        }
      }
      t.same(got.slice(0, 3), [1, 2, 3]);
      t.same(got.slice(-4), [47, 48, 49, 50], 'the newest are there');
      t.equal(got.length + dropped, 50, 'delivered or counted');
      t.ok(dropped > 0, `${dropped} were dropped`);
    },
  );
}

t.test('a conflated call whose client has no credit and cancels is over at once', async (t) => {
  const { wsUrl, upstream, gateway } = await openForeign(
    t,
    { Down: [{ in: 'end' }, ...(await sends(['a', 1], ['a', 2])), { wait: new Promise(() => {}) }] },
    config({ policy: 'conflate', key: 'text' }),
  );
  const client = await openSession(wsUrl);
  await client.send(openOf(1, 0), ask(1));
  const call = await upstream.call(method('Down'));
  await until(t, 'the service to send', () => call.accepted === 2);
  await client.send({ cancel: { id: 1 } });
  t.equal(short((await client.all(1)).at(-1)), 'end 1');
  await call.over;
  t.ok(call.cancelled);
  await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
});

t.test('disconnect ends the one call that is not taken; its neighbour goes on', async (t) => {
  const { wsUrl, upstream } = await openForeign(
    t,
    { Down: [{ in: 'end' }, { out: await bytes({ text: 'x', number: 1 }), times: 1_000_000 }] },
    config({ policy: 'disconnect', afterMs: 200 }),
  );
  const client = await openSession(wsUrl);
  await client.send(openOf(1, 3), ask(1), openOf(2, 0), ask(2));
  const slow = await upstream.call(method('Down'), 1);
  await slow.over;
  t.ok(slow.cancelled);
  const frames = await client.all(2);
  t.equal(short(frames.at(-1)), 'end 8');
  t.match(frames.at(-1)?.end, {
    status: { message: 'the client has read nothing for 200 ms while messages waited for it' },
  });
  const other = await client.all(1);
  t.equal(other.map(short).filter((frame) => frame === 'x1').length, 3, 'what there was credit for');
  t.equal(short(other.at(-1)), 'end 8');
  await client.send(openOf(3, 1), ask(3));
  t.equal(short(await client.of(3)), 'opened', 'the session is as it was');
  await client.send({ cancel: { id: 3 } });
});

t.test('a client that has taken all there was is not slow, whatever its credit', async (t) => {
  let goOn: () => void = () => {};
  const wait = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const { wsUrl, upstream } = await openForeign(
    t,
    { Down: [{ in: 'end' }, ...(await sends(['a', 1])), { wait }, ...(await sends(['a', 2]))] },
    config({ policy: 'disconnect', afterMs: 100 }),
  );
  const client = await openSession(wsUrl);
  await client.send(openOf(1, 1), ask(1));
  const call = await upstream.call(method('Down'));
  await until(t, 'the message', () => call.accepted === 1);
  // To show that nothing happens, for three times as long as it would take.
  await settled(() => Number(call.cancelled), 300);
  t.notOk(call.cancelled);
  await client.send(credit(1, 1), { ping: { token: '' } });
  const before: (Frame | undefined)[] = [];
  // The answer comes when the credit has: otherwise the message may be there first, and wait for it.
  while (before.at(-1)?.pong === undefined) before.push(await client.next());
  goOn();
  const frames = [...before, ...(await client.all(1))].map(short).filter((frame) => /^(a|end)/.test(frame));
  t.same(frames, ['a1', 'a2', 'end 0']);
});

t.test('a message that is none ends a call with a policy, and nothing else', async (t) => {
  for (const slowReader of [
    { policy: 'conflate', key: 'text' },
    { policy: 'drop-oldest' },
    { policy: 'disconnect', afterMs: 60_000 },
  ] as const) {
    const [good] = await sends(['a', 1]);
    const { wsUrl, upstream } = await openForeign(
      t,
      {
        Down: [
          { in: 'end' },
          ...(good ? [good] : []),
          { out: Uint8Array.of(0xff, 0xff) },
          { wait: new Promise(() => {}) },
        ],
      },
      config(slowReader),
    );
    const client = await openSession(wsUrl);
    await client.send(openOf(1, 10), ask(1));
    const frames = (await client.all(1)).map(short).filter((frame) => /^(a|end)/.test(frame));
    t.same(frames, ['a1', 'end 13'], slowReader.policy);
    await (await upstream.call(method('Down'))).over;
  }
});

const POLICIES = [
  { policy: 'conflate', key: 'text' },
  { policy: 'drop-oldest' },
  { policy: 'disconnect', afterMs: 60_000 },
] as const;

for (const slowReader of POLICIES) {
  const { policy } = slowReader;
  // A policy of `disconnect` drops nothing: what waits is lost with the end.
  const told = policy === 'disconnect' ? [] : ['-3'];

  /** A call with three messages that wait for credit. */
  const waiting = async (t: Test, more: Partial<GatewayOptions>, open: JsonObject) => {
    const { wsUrl, upstream, gateway } = await openForeign(
      t,
      {
        Down: [
          { in: 'end' },
          ...(await sends(['a', 1], ['b', 2], ['c', 3])),
          { wait: new Promise(() => {}) },
        ],
      },
      { ...config(slowReader), ...more },
    );
    const client = await openSession(wsUrl);
    await client.send({ open: { id: 1, method: name('Down'), credit: 0, ...open } }, ask(1));
    const call = await upstream.call(method('Down'));
    const dropped = async () => {
      const { text } = await http(`${gateway.adminUrl}/metrics`);
      return Number(/^sluice_messages_dropped_total\{.*\} (\d+)$/m.exec(text)?.[1]);
    };
    return { client, call, gateway, dropped };
  };
  const ends = async (t: Test, frames: readonly Frame[], code: number) => {
    const shown = frames.map(short).filter((frame) => frame !== 'opened' && frame !== 'headers');
    t.same(shown, [...told, `end ${code}`]);
    t.match(frames.at(-1), { end: { truncated: true } }, 'the client hears that messages are lost');
  };

  t.test(`${policy}: messages that wait for credit do not outlast the deadline`, async (t) => {
    const { client, call, gateway } = await waiting(t, {}, { timeoutMs: 1_500 });
    await ends(t, await client.all(1), 4);
    await call.over;
    await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
  });

  t.test(`${policy}: a client that grants no credit for the longest stall loses the call`, async (t) => {
    const { client, call, dropped } = await waiting(t, { limits: { maxPauseMs: 400 } }, {});
    await ends(t, await client.all(1), 8);
    await call.over;
    t.equal(await dropped(), told.length * 3);
    await client.send({ ping: { token: 'x' } });
    t.match(await client.next(), { pong: { token: 'x' } }, 'the session goes on');
  });

  t.test(`${policy}: what waits for credit when the gateway drains is lost, and said to be`, async (t) => {
    const { client, call, gateway } = await waiting(t, { graceMs: 400 }, {});
    await until(t, 'the service to send', () => call.accepted === 3);
    const closed = gateway.close();
    await ends(t, await client.all(1), 14);
    await closed;
  });
}
