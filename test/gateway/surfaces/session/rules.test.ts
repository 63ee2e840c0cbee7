import t, { type Test } from 'tap';
import type { Limits } from '../../../../gateway/surfaces/index.js';
import { CloseCode } from '../../../../gateway/wire/index.js';
import { stopClock } from '../../../support/clock.js';
import { until } from '../../../support/http.js';
import { DRAIN_MS, type FakeSession, openFakeSession, settle } from './fake-session.js';

type Json = Record<string, Record<string, unknown>>;

/** A session of `sluice.v1.json` whose test writes text and reads all that has come. */
function open(t: Test, limits: Partial<Limits> = {}) {
  const fake = openFakeSession('sluice.v1.json', { firstFrameMs: 60_000, ...limits });
  t.teardown(() => fake.session.closed());
  const send = (...frames: (Json | string)[]) => {
    for (const frame of frames) {
      const text = typeof frame === 'string' ? frame : JSON.stringify(frame);
      fake.session.receive(Buffer.from(text), false);
    }
  };
  /** Takes everything, until nothing comes any more. */
  const taken = async () => {
    const frames: Json[] = [];
    for (;;) {
      await settle();
      const bytes = fake.socket.take();
      if (bytes === undefined) return frames;
      frames.push(JSON.parse(bytes.toString()) as Json);
    }
  };
  return { ...fake, send, taken };
}

const openFrame = (id: number, method = 'Both', more: Record<string, unknown> = {}): Json => ({
  open: { id, method: `foreign.v1.Foreign/${method}`, credit: 10, ...more },
});
const message = (id: number, text = 'x'): Json => ({ message: { id, data: { text } } });

/** Nothing of the session is left but the socket that says good-bye. */
async function isOver({ session, exchanges, transport }: FakeSession): Promise<boolean> {
  await settle();
  return (
    exchanges.size === 0 &&
    session.openCalls === 0 &&
    session.heldBytes === 0 &&
    transport.calls.every(({ over }) => over)
  );
}

t.test('each broken rule closes with its code, cancels every call, and says what was wrong', async (t) => {
  const credits = (id: number, messages: number): Json => ({ credit: { id, messages } });
  const bytesFor = (id: number, bytes: number): Json => ({ credit: { id, bytes } });
  const counting = openFrame(2, 'Both', { creditBytes: 10 });
  const cases: [what: string, frames: (Json | string)[], code: number, reason: RegExp][] = [
    ['no JSON', ['hello'], 4400, /JSON/],
    ['an unknown frame', [{ nope: {} }], 4400, /unknown frame "nope"/],
    ['an unknown field', [{ cancel: { id: 1, why: '' } }], 4400, /unknown field "why"/],
    ['id 0', [openFrame(0)], 4400, /id must not be 0/],
    ['id 0 of a message', [message(0)], 4400, /id must not be 0/],
    ['an id used before', [openFrame(1)], 4400, /id 1 was used before/],
    ['a message for an id never opened', [message(9)], 4400, /id 9 was never opened/],
    ['credit for an id never opened', [credits(9, 1)], 4400, /never opened/],
    ['a half-close for an id never opened', [{ halfClose: { id: 9 } }], 4400, /never opened/],
    ['a cancel for an id never opened', [{ cancel: { id: 9 } }], 4400, /never opened/],
    ['credit of 0', [credits(1, 0)], 4400, /from 1 to/],
    ['enormous credit', [credits(1, 2 ** 31)], 4400, /from 1 to/],
    ['credit that is too much together', [credits(1, 2 ** 31 - 1)], 4400, /past/],
    ['an open with enormous credit', [openFrame(2, 'Both', { credit: 2 ** 31 })], 4400, /at most/],
    [
      'an open with enormous bytes',
      [openFrame(2, 'Both', { creditBytes: 2 ** 31 })],
      4400,
      /creditBytes must/,
    ],
    ['an open with negative bytes', [openFrame(2, 'Both', { creditBytes: -1 })], 4400, /"creditBytes" must/],
    ['an open with half a byte', [openFrame(2, 'Both', { creditBytes: 0.5 })], 4400, /"creditBytes" must/],
    ['bytes for an id never opened', [bytesFor(9, 1)], 4400, /id 9 was never opened/],
    ['enormous bytes where none count', [bytesFor(1, 2 ** 31)], 4400, /bytes must be at most 2147483647/],
    ['credit of 0 and 0 where bytes do not count', [{ credit: { id: 1, bytes: 0 } }], 4400, /from 1 to/],
    [
      'messages that are too many together, with bytes that do not count',
      [{ credit: { id: 1, messages: 2 ** 31 - 1, bytes: 1 } }],
      4400,
      /messages past/,
    ],
    ['credit of 0 and 0', [counting, { credit: { id: 2, messages: 0, bytes: 0 } }], 4400, /from 1 to/],
    ['enormous bytes', [counting, bytesFor(2, 2 ** 31)], 4400, /bytes must be at most 2147483647/],
    ['bytes that are too many together', [counting, bytesFor(2, 2 ** 31 - 10)], 4400, /bytes past/],
    ['negative bytes', [counting, bytesFor(2, -1)], 4400, /"bytes" must be a whole number/],
    ['half a byte', [counting, bytesFor(2, 1.5)], 4400, /"bytes" must be a whole number/],
    ['more messages than credit', new Array(17).fill(message(1)), 4400, /more messages than credit/],
    ['a second message where there is one', [openFrame(2, 'Ask'), message(2), message(2)], 4400, /credit/],
    ['too many calls', [openFrame(2), openFrame(3), openFrame(4)], 4429, /3 calls/],
  ];
  for (const [what, frames, code, reason] of cases) {
    await t.test(what, async (t) => {
      const fake = open(t, { sessionCalls: 3 });
      fake.send(openFrame(1));
      await settle();
      fake.send(...frames);
      t.match(fake.socket.closedWith, { code, reason });
      // Nothing that comes after it counts.
      fake.send(openFrame(77), 'nonsense');
      await fake.taken();
      t.ok(await isOver(fake));
      t.ok(fake.transport.calls[0]?.cancelled);
    });
  }
  await t.test('binary on the JSON sub-protocol, text on the other', async (t) => {
    for (const [protocol, binary] of [
      ['sluice.v1.json', true],
      ['sluice.v1.proto', false],
    ] as const) {
      const { session, socket } = openFakeSession(protocol);
      t.teardown(() => session.closed());
      session.receive(Buffer.from('{"ping":{}}'), binary);
      t.match(socket.closedWith, { code: 4400, reason: /messages only/ });
    }
  });
  await t.test('silence', async (t) => {
    const clock = stopClock(t);
    const fake = open(t, { firstFrameMs: 20 });
    clock.pass(19);
    t.equal(fake.socket.closedWith, undefined);
    clock.pass(1);
    t.match(fake.socket.closedWith, { code: 4408 });
    const speaking = open(t, { firstFrameMs: 20 });
    speaking.send({ ping: { token: 'a' } });
    clock.pass(60);
    t.equal(speaking.socket.closedWith, undefined, 'one frame is enough');
  });
});

t.test('a failure of a call is its end, and the others do not feel it', async (t) => {
  const fake = open(t);
  const nope = { id: 2, method: 'foreign.v1.Foreign/Nope' };
  const end = (id: number, code: number, expected: RegExp) => ({
    end: { id, status: { code, message: expected }, trailers: {}, truncated: false },
  });
  fake.send(openFrame(1), { open: nope });
  t.match(await fake.taken(), [{ opened: { id: 1 } }, end(2, 12, /no such method/)]);
  const reflection = 'grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  const badOpens: [open: Record<string, unknown>, code: number, message: RegExp][] = [
    [{ method: '' }, 12, /./],
    [{ method: reflection }, 12, /./],
    [{ metadata: { 'grpc-timeout': '1S' } }, 3, /grpc-timeout/],
    [{ metadata: { Upper: 'x' } }, 3, /Upper/],
    [{ metadata: { te: 'x' } }, 3, /te/],
    [{ metadata: { a: 'ü' } }, 3, /"a"/],
    [{ metadata: { 'a-bin': 'not base64!' } }, 3, /a-bin/],
    [{ metadata: { a: 'x'.repeat(9_000) } }, 3, /8192 bytes/],
    [{ cursor: 'c' }, 3, /cursor: the method has no cursors/],
  ];
  for (const [index, [more, code, expected]] of badOpens.entries()) {
    const id = 10 + index;
    fake.send(openFrame(id, 'Both', more));
    t.match(await fake.taken(), [end(id, code, expected)], JSON.stringify(more).slice(0, 60));
    fake.send(message(id), { cancel: { id } });
    t.same(await fake.taken(), [], 'what is sent to it is passed over');
  }
  t.equal(fake.transport.calls.length, 1, 'none of them has reached the service');
  const badMessages: [frames: Json[], expected: RegExp][] = [
    [[{ message: { id: 100, data: { number: 'x' } } }], /number/],
    [[{ message: { id: 100, data: { nope: 1 } } }], /nope/],
    [[{ message: { id: 100, data: [] } }], /./],
    [[{ halfClose: { id: 100 } }, message(100)], /half-close/],
  ];
  for (const [index, [frames, expected]] of badMessages.entries()) {
    const id = 100 + index;
    const text = JSON.stringify(frames).replaceAll('"id":100', `"id":${id}`);
    fake.send(openFrame(id), ...(JSON.parse(text) as Json[]));
    t.match(await fake.taken(), [{ opened: { id } }, end(id, 3, expected)]);
  }
  fake.send(message(1));
  await settle();
  fake.transport.calls[0]?.accept();
  t.equal(fake.transport.calls[0]?.received.length, 1);
  t.equal(fake.socket.closedWith, undefined);
});

t.test('a message that is none ends the call also when answers wait for credit', async (t) => {
  const fake = open(t);
  fake.send(openFrame(1, 'Both', { credit: 0 }));
  await settle();
  fake.transport.calls[0]?.emit(Buffer.from([0x10, 1]));
  t.match(await fake.taken(), [
    { opened: { id: 1 } },
    { headers: { id: 1, metadata: { 'x-from': 'service' } } },
  ]);
  fake.send({ message: { id: 1, data: { number: 'x' } } });
  t.match(await fake.taken(), [{ end: { id: 1, status: { code: 3 }, truncated: true } }]);
});

t.test('good messages before a bad one reach the service', async (t) => {
  const fake = open(t);
  fake.send(openFrame(1), message(1, 'a'), message(1, 'b'), { message: { id: 1, data: { nope: 1 } } });
  await settle();
  const [call] = fake.transport.calls;
  call?.accept();
  await settle();
  call?.accept();
  t.match(await fake.taken(), [{ opened: {} }, { end: { id: 1, status: { code: 3 } } }]);
  t.equal(call?.received.length, 2);
  t.ok(call?.cancelled && !call.halfClosed);
});

t.test('10,000 opens: 4429 at the limit, and nothing is left', async (t) => {
  const fake = open(t);
  for (let id = 1; id <= 10_000; id += 1) fake.send(openFrame(id));
  t.match(fake.socket.closedWith, { code: 4429, reason: /100 calls/ });
  t.equal(fake.transport.calls.length, 100);
  await fake.taken();
  t.ok(await isOver(fake));

  const refused = open(t);
  for (let id = 1; id <= 10_000; id += 1) refused.send(openFrame(id, 'Nope'));
  t.match(refused.socket.closedWith, { code: 4429 }, 'also when each of them ends at once');
  t.ok(refused.socket.waiting <= 100);

  const polite = open(t);
  for (let id = 1; id <= 10_000; id += 1) {
    polite.send(openFrame(id, 'Nope'));
    polite.socket.take();
  }
  t.equal(polite.socket.closedWith, undefined, 'one after the other is no trouble');
  t.equal(polite.session.openCalls, 0);
});

t.test('a call counts until its end has left', async (t) => {
  const fake = open(t, { sessionCalls: 1 });
  fake.send(openFrame(1), { cancel: { id: 1 } });
  await settle();
  t.ok(fake.transport.calls[0]?.over);
  t.equal(fake.session.openCalls, 1);
  t.equal(fake.socket.waiting, 2);
  await fake.taken();
  t.equal(fake.session.openCalls, 0);
  fake.send(openFrame(2));
  t.equal(fake.socket.closedWith, undefined);
});

t.test('credit: exactly as many messages as are granted, then the service waits', async (t) => {
  const fake = open(t);
  fake.send(openFrame(1, 'Both', { credit: 2 }));
  await settle();
  const [call] = fake.transport.calls;
  let emitted = 0;
  const fill = async () => {
    while (call?.hasRoom) {
      call.emit(Buffer.from([0x10, ++emitted]));
      await settle();
    }
  };
  await fill();
  const numbers = (frames: Json[]) =>
    frames.flatMap(({ message: one }) =>
      one === undefined ? [] : [(one.data as { number: number }).number],
    );
  t.same(numbers(await fake.taken()), [1, 2]);
  const stalled = emitted;
  t.ok(stalled <= 2 + 1 + 6, 'what was granted, one batch, and the call itself');
  await fill();
  t.equal(emitted, stalled);
  fake.send({ credit: { id: 1, messages: 1 } });
  t.same(numbers(await fake.taken()), [3]);
  fake.send({ credit: { id: 1, messages: 3 } });
  await settle();
  await fill();
  t.same(numbers(await fake.taken()), [4, 5, 6]);
  call?.end();
  await settle();
  t.same(await fake.taken(), [], 'the end waits for the messages before it');
  fake.send({ credit: { id: 1, messages: 1_000 } });
  const rest = await fake.taken();
  t.same(
    numbers(rest),
    Array.from({ length: emitted - 6 }, (_, index) => index + 7),
  );
  t.ok(rest.at(-1)?.end);
});

/** An Item with `number` and a text, together of so many bytes as protobuf. */
function itemOf(number: number, bytes: number): Buffer {
  const text = bytes - 4;
  return Buffer.concat([Buffer.from([0x10, number, 0x0a, text]), Buffer.alloc(text, 0x78)]);
}

t.test(
  'credit in bytes: the message that crosses it goes whole, and nothing follows until it is paid',
  async (t) => {
    const fake = open(t);
    fake.send(openFrame(1, 'Both', { credit: 100, creditBytes: 100 }));
    t.match(await fake.taken(), [{ opened: { id: 1, credit: 16, creditBytes: 256 * 1024 } }]);
    const [call] = fake.transport.calls;
    const got: [number: number, bytes: number][] = [];
    const gets = async () => {
      const before = got.length;
      for (const { message: one } of await fake.taken()) {
        if (one !== undefined) got.push([(one.data as { number?: number }).number ?? 0, Number(one.bytes)]);
      }
      return got.slice(before);
    };
    for (const [index, bytes] of [60, 60, 20, 4].entries()) {
      call?.emit(itemOf(index + 1, bytes));
      await settle();
    }
    t.same(await gets(), [
      [1, 60],
      [2, 60],
    ]);
    fake.send({ credit: { id: 1, messages: 5 } });
    t.same(await gets(), [], 'messages alone do not help');
    fake.send({ credit: { id: 1, bytes: 20 } });
    t.same(await gets(), [], 'paid back to 0 is not enough');
    fake.send({ credit: { id: 1, messages: 0, bytes: 1 } });
    t.same(await gets(), [[3, 20]], 'one byte is, for one message');
    fake.send({ credit: { id: 1, bytes: 20 } });
    t.same(await gets(), [[4, 4]]);
    call?.emit(Buffer.alloc(0));
    t.same(await gets(), [], 'a message without bytes waits as well');
    fake.send({ credit: { id: 1, bytes: 4 } });
    await settle();
    call?.emit(Buffer.alloc(0));
    t.same(
      await gets(),
      [
        [0, 0],
        [0, 0],
      ],
      'and takes none',
    );
    call?.end();
    t.match(await fake.taken(), [{ end: { id: 1, status: { code: 0 } } }]);
  },
);

t.test('credit in bytes: messages still count', async (t) => {
  const fake = open(t);
  fake.send(openFrame(1, 'Both', { credit: 1, creditBytes: 2 ** 31 - 1 }));
  await fake.taken();
  const [call] = fake.transport.calls;
  for (const number of [1, 2, 3]) call?.emit(itemOf(number, 100));
  t.equal((await fake.taken()).filter(({ message: one }) => one !== undefined).length, 1);
  // What it takes makes room below the most that there may be.
  fake.send({ credit: { id: 1, messages: 2, bytes: 100 } });
  t.equal((await fake.taken()).length, 2);
  t.equal(fake.socket.closedWith, undefined);
});

t.test('a client that does not count bytes sees none, and is bounded by messages alone', async (t) => {
  const fake = open(t);
  fake.send(openFrame(1, 'Both', { credit: 3, creditBytes: 0 }));
  t.same(await fake.taken(), [{ opened: { id: 1, credit: 16 } }]);
  const [call] = fake.transport.calls;
  for (const number of [1, 2, 3]) call?.emit(itemOf(number, 100));
  const messages = (await fake.taken()).slice(1);
  t.same(
    messages.map(({ message: one }) => Object.keys(one ?? {})),
    Array(3).fill(['id', 'data']),
  );
  for (let index = 0; index < 16; index += 1) fake.send(message(1, 'x'.repeat(100_000)));
  const grants = await fake.taken();
  while (call?.hasRequest) {
    call.accept();
    grants.push(...(await fake.taken()));
  }
  t.ok(grants.length > 0);
  for (const { credit } of grants) t.same(Object.keys(credit ?? {}), ['id', 'messages']);
});

t.test('bytes granted to a call that does not count them are ignored, and its messages count', async (t) => {
  for (const more of [{}, { creditBytes: 0 }]) {
    const fake = open(t);
    fake.send(openFrame(1, 'Both', { credit: 1, ...more }));
    await fake.taken();
    const [call] = fake.transport.calls;
    const most = 2 ** 31 - 1;
    const gets = async () =>
      (await fake.taken()).flatMap(({ message: one }) => (one === undefined ? [] : [Object.keys(one)]));
    for (const number of [1, 2, 3, 4]) call?.emit(itemOf(number, 100));
    t.same(await gets(), [['id', 'data']]);
    for (const bytes of [1, most, most]) fake.send({ credit: { id: 1, bytes } });
    fake.send({ credit: { id: 1, messages: 0, bytes: 1 } });
    t.same(await gets(), [], 'bytes alone grant nothing');
    fake.send({ credit: { id: 1, messages: 2, bytes: 1 } });
    t.same(
      await gets(),
      [
        ['id', 'data'],
        ['id', 'data'],
      ],
      'beside bytes, messages count, whatever their size',
    );
    fake.send({ credit: { id: 1, messages: 1 } });
    t.equal((await gets()).length, 1);
    t.equal(fake.socket.closedWith, undefined);
  }
});

t.test('credit in bytes for the client: large messages never reach the bound of the session', async (t) => {
  const fake = open(t);
  const text = 'é'.repeat(500_000);
  const bytes = Buffer.byteLength(JSON.stringify({ text }));
  fake.send(openFrame(1, 'Both', { creditBytes: 1 }));
  let credit = 0;
  let creditBytes = 0;
  let sent = 0;
  let accepted = 0;
  const hear = async () => {
    for (const frame of await fake.taken()) {
      credit += Number(frame.opened?.credit ?? frame.credit?.messages);
      creditBytes += Number(frame.opened?.creditBytes ?? frame.credit?.bytes);
    }
  };
  await hear();
  t.equal(creditBytes, 256 * 1024);
  const [call] = fake.transport.calls;
  for (let round = 0; sent < 40 && round < 1_000; round += 1) {
    for (; credit > 0 && creditBytes > 0 && sent < 40; sent += 1) {
      credit -= 1;
      creditBytes -= bytes;
      fake.send(message(1, text));
    }
    t.ok(sent - accepted <= 3, 'the budget and one message, and what the service was given');
    await settle();
    if (call?.hasRequest) {
      call.accept();
      accepted += 1;
    }
    await hear();
  }
  t.equal(sent, 40);
  t.ok(creditBytes <= 256 * 1024);
  t.equal(fake.socket.closedWith, undefined);
});

t.test('credit for the client: granted as the service takes, and never more than was said', async (t) => {
  const fake = open(t);
  fake.send(openFrame(1));
  await settle();
  t.match(await fake.taken(), [{ opened: { credit: 16 } }]);
  const [call] = fake.transport.calls;
  for (let index = 0; index < 16; index += 1) fake.send(message(1, 'x'.repeat(1_000)));
  t.same(await fake.taken(), [], 'a service that takes nothing grants nothing');
  t.ok(fake.session.heldBytes >= 16_000);
  let granted = 0;
  for (let index = 0; index < 16; index += 1) {
    call?.accept();
    for (const { credit } of await fake.taken()) granted += Number(credit?.messages);
  }
  t.equal(call?.received.length, 16);
  t.equal(fake.session.heldBytes, 0);
  t.ok(granted > 16 && granted <= 64, `small messages earn more credit: ${granted}`);
  for (let index = 0; index < granted; index += 1) fake.send(message(1));
  t.equal(fake.socket.closedWith, undefined);
  fake.send(message(1));
  t.match(fake.socket.closedWith, { code: 4400, reason: /more messages than credit/ });
});

t.test('messages that wait hold at most 16 MiB a session: one call ends, the others go on', async (t) => {
  const fake = open(t);
  const large = 'x'.repeat(1024 * 1024);
  for (let id = 1; id <= 3; id += 1) fake.send(openFrame(id));
  await fake.taken();
  // Each call has credit for sixteen messages, and its service takes none.
  for (let index = 0; index < 15; index += 1) fake.send(message(1, large));
  fake.send(message(2, 'small'), message(3, large));
  const frames = await fake.taken();
  const details = [{ reason: 'SESSION_LIMIT', domain: 'sluice' }];
  t.match(frames, [{ end: { id: 3, status: { code: 8, message: /memory/, details } } }]);
  t.ok(fake.session.heldBytes <= 16 * 1024 * 1024);
  t.equal(fake.transport.calls[0]?.over, false);
  fake.send({ cancel: { id: 1 } });
  await fake.taken();
  t.ok(fake.session.heldBytes < 1_000, 'what a call held goes with it');
  fake.transport.calls[1]?.accept();
  t.equal(fake.transport.calls[1]?.received.length, 1);
});

t.test('a firehose and a call without credit do not delay a third', async (t) => {
  const fake = open(t);
  fake.send(openFrame(1, 'Both', { credit: 1_000_000 }), openFrame(2, 'Both', { credit: 0 }), openFrame(3));
  await fake.taken();
  const [firehose, stuck, third] = fake.transport.calls;
  const large = Buffer.concat([Buffer.from([0x0a, 0xe0, 0xd4, 0x03]), Buffer.alloc(60_000, 0x78)]);
  const pour = () => {
    while (firehose?.hasRoom) firehose.emit(large);
    while (stuck?.hasRoom) stuck.emit(large);
  };
  // The client reads one frame at a time, so the socket is full all along.
  pour();
  await settle();
  third?.emit(Buffer.from([0x10, 3]));
  let before = 0;
  for (;;) {
    await settle();
    pour();
    const bytes = fake.socket.take();
    if (bytes === undefined) break;
    const frame = JSON.parse(bytes.toString()) as Json;
    if (frame.message?.id === 3) break;
    if (frame.message !== undefined) before += 1;
  }
  t.ok(before <= 4, `${before} messages of the firehose came first`);
  t.ok(fake.socket.peakBytes <= 64 * 1024 * 3, `${fake.socket.peakBytes} bytes waited`);
});

t.test(
  'beside a firehose a call with little to say waits for what lies in the socket, and no more',
  async (t) => {
    const fake = open(t);
    fake.send(openFrame(1, 'Both', { credit: 1_000_000 }), openFrame(2, 'Both', { credit: 1_000 }));
    await fake.taken();
    const [firehose, small] = fake.transport.calls;
    const large = Buffer.concat([Buffer.from([0x0a, 0xe0, 0x5d]), Buffer.alloc(12_000, 0x78)]);
    const pour = async () => {
      for (let index = 0; index < 3; index += 1) {
        while (firehose?.hasRoom) firehose.emit(large);
        await settle();
      }
    };
    const waits: [passed: number, lay: number][] = [];
    for (let round = 1; round <= 40; round += 1) {
      await pour();
      const lay = fake.socket.bufferedBytes;
      small?.emit(Buffer.from([0x10, round]));
      let passed = 0;
      for (;;) {
        await settle();
        const bytes = fake.socket.take();
        if (bytes === undefined) throw new Error('nothing comes');
        const frame = JSON.parse(bytes.toString()) as Json;
        if (frame.message?.id === 2) break;
        passed += bytes.length;
        await pour();
      }
      waits.push([passed, lay]);
    }
    for (const [passed, lay] of waits) {
      t.ok(lay >= large.length, `the firehose waits for the client: ${lay} bytes`);
      t.ok(lay <= 16 * 1024 + large.length + 1024, `and no more of it than may be in flight: ${lay} bytes`);
      t.ok(passed <= lay, `${passed} bytes of the firehose came first, ${lay} lay in the socket`);
    }
  },
);

t.test('a client that does not read is not read from', async (t) => {
  const fake = open(t);
  let pings = 0;
  while (!fake.socket.paused && pings < 100_000) {
    fake.send({ ping: { token: 't'.repeat(100) } });
    pings += 1;
  }
  t.ok(fake.socket.paused);
  // `highWaterBytes`, and what is read beyond that.
  const most = (4 + 64) * 1024;
  t.ok(fake.socket.bufferedBytes < most + 1_000);
  while (fake.socket.bufferedBytes > most) fake.socket.take();
  t.notOk(fake.socket.paused, 'until there is room');
  t.equal((await fake.taken()).length > 0, true);
});

t.test('a deadline ends a call also while its messages wait for credit', async (t) => {
  const clock = stopClock(t);
  const fake = open(t);
  fake.send(openFrame(1, 'Both', { credit: 0, timeoutMs: 40 }));
  await settle();
  fake.transport.calls[0]?.emit(Buffer.from([0x10, 1]));
  await settle();
  clock.pass(80);
  await settle();
  const frames = await fake.taken();
  t.match(frames.at(-1), { end: { id: 1, status: { code: 4 }, truncated: true } });
  t.ok(await isOver(fake));
});

t.test('a client that grants nothing for too long loses its call, not the session', async (t) => {
  const clock = stopClock(t);
  const fake = open(t, { maxPauseMs: 30 });
  fake.send(openFrame(1, 'Both', { credit: 0 }), openFrame(2));
  await settle();
  fake.transport.calls[0]?.emit(Buffer.from([0x10, 1]));
  await settle();
  clock.pass(80);
  await settle();
  t.match((await fake.taken()).at(-1), { end: { id: 1, status: { code: 8 }, truncated: true } });
  t.equal(fake.session.openCalls, 1);
});

t.test(
  'draining: goAway in a quarter of the grace, streams end in its middle, the others finish, then 1001',
  async (t) => {
    const fake = open(t);
    fake.send(openFrame(1, 'Both'), openFrame(2, 'Up'), openFrame(3, 'Ask'), message(3));
    await fake.taken();
    let drained = false;
    const draining = fake.exchanges.drain(DRAIN_MS).then(() => {
      drained = true;
    });
    let told: Json[] = [];
    while (told.length === 0) told = await fake.taken();
    const [{ goAway } = {}] = told as { goAway?: { graceMs: number; reconnectAfterMs: number } }[];
    t.ok(goAway !== undefined && goAway.reconnectAfterMs <= 2_000 - DRAIN_MS / 4, 'the rest of the spread');
    t.ok((goAway?.graceMs ?? 0) >= DRAIN_MS / 4 && (goAway?.graceMs ?? 0) <= DRAIN_MS / 2);
    fake.send(openFrame(4));
    t.match(await fake.taken(), [{ end: { id: 4, status: { code: 14, message: /shutting down/ } } }]);
    t.notOk(fake.transport.calls[0]?.over, 'the stream goes on for now');
    await until(t, 'the stream to end', () => fake.transport.calls[0]?.over === true);
    t.match(await fake.taken(), [{ end: { id: 1, status: { code: 14 }, truncated: false } }]);
    t.notOk(fake.transport.calls[1]?.over);
    t.notOk(fake.transport.calls[2]?.over);
    fake.send({ halfClose: { id: 2 } });
    for (const call of fake.transport.calls.slice(1)) {
      await settle();
      call.emit(Buffer.from([0x10, 1]));
      call.end();
    }
    await settle();
    t.equal(fake.socket.closedWith, undefined, 'their ends have not left yet');
    t.equal((await fake.taken()).filter(({ end }) => end !== undefined).length, 2);
    t.match(fake.socket.closedWith, { code: CloseCode.goingAway });
    t.notOk(drained);
    fake.session.closed();
    await draining;
    t.ok(drained);

    const idle = open(t);
    const idleDrain = idle.exchanges.drain(DRAIN_MS);
    t.match(idle.socket.closedWith, { code: CloseCode.goingAway });
    t.match(await idle.taken(), [{ goAway: {} }]);
    idle.session.closed();
    await idleDrain;
  },
);

t.test('whoever leaves cancels every call', async (t) => {
  const fake = open(t);
  fake.send(openFrame(1), openFrame(2, 'Up'), message(2), openFrame(3, 'Both', { credit: 0 }));
  await settle();
  fake.transport.calls[2]?.emit(Buffer.from([0x10, 1]));
  await settle();
  const before = fake.socket.waiting;
  fake.session.closed();
  t.ok(await isOver(fake));
  t.equal(fake.socket.waiting, before, 'nobody is told');
});
