import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { RpcError } from '../../../../gateway/status/index.js';
import type { UnfinishedMessage } from '../../../../gateway/surfaces/exchange/unfinished-messages.js';
import { UnfinishedMessages } from '../../../../gateway/surfaces/index.js';
import { bytes, type Foreign, method, openForeign } from '../../../support/foreign.js';
import { http, until } from '../../../support/http.js';
import { FIRST, headOrError, httpFrom, SECOND, sendFrom } from '../../../support/local-client.js';
import { openOf, openSession } from '../../../support/session.js';
import { connect } from '../../../support/websocket.js';

t.setTimeout(180_000);

const KIB = 1024;

t.test('the newest message of whoever holds most is refused, and the count is exact', async () => {
  const steps = fc.array(
    fc.record({
      message: fc.integer({ min: 0, max: 11 }),
      bytes: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 400 })),
    }),
    { maxLength: 120 },
  );
  fc.assert(
    fc.property(steps, (list) => {
      const begun: number[] = [];
      const refused: number[] = [];
      const held = new Map<number, number>();
      let refusals = 0;
      const budget = new UnfinishedMessages(1_000, () => {
        refusals += 1;
      });
      const messages: UnfinishedMessage[] = Array.from({ length: 12 }, (_, n) =>
        budget.of(`client ${n % 3}`, (error: RpcError) => {
          if (error.httpStatus !== undefined || error.code !== 14) throw new Error('not a 503');
          refused.push(n);
          held.delete(n);
        }),
      );
      const ofGroup = (group: number) =>
        [...held].filter(([n]) => n % 3 === group).reduce((sum, [, size]) => sum + size, 0);
      for (const { message, bytes } of list) {
        if (refused.includes(message)) {
          messages[message]?.holds(bytes);
          continue;
        }
        if (!held.has(message) && bytes > 0) begun.push(message);
        if (bytes > 0) held.set(message, bytes);
        else held.delete(message);
        const before = new Map(held);
        const sums = [0, 1, 2].map(ofGroup);
        const count = refused.length;
        messages[message]?.holds(bytes);
        for (const victim of refused.slice(count)) {
          const rivals = [...before.keys()].filter((n) => n % 3 === victim % 3);
          const newest = rivals.sort((a, b) => begun.lastIndexOf(b) - begun.lastIndexOf(a))[0];
          if (newest !== victim) return false;
          if (sums[victim % 3] !== Math.max(...sums)) return false;
          sums[victim % 3] = (sums[victim % 3] as number) - (before.get(victim) as number);
          before.delete(victim);
        }
        const sum = [...held.values()].reduce((total, size) => total + size, 0);
        if (budget.bytes !== sum || sum > 1_000) return false;
      }
      for (const message of messages) message.holds(0);
      return budget.bytes === 0 && refusals === refused.length;
    }),
    { numRuns: 1_000 },
  );
});

/** A message that has begun, and how it ends when it is refused. */
interface Begun {
  /** So much more of it. */
  send(size: number): void;
  /** An HTTP status, or the code of a close frame. */
  readonly refused: Promise<number | string>;
  leave(): void;
}

type BeginMessage = (foreign: Foreign, from: string) => Promise<Begun>;

function inBody(name: string, headers: Record<string, string>, start: string): BeginMessage {
  return async ({ url }, from) => {
    const sent = sendFrom(from, url + name, { method: 'POST', headers });
    const refused = headOrError(sent).then((head) =>
      typeof head === 'string' ? head : (head.statusCode ?? 0),
    );
    sent.write(start);
    return {
      send: (size) => void sent.write(Buffer.alloc(size, 'a')),
      refused,
      leave: () => sent.destroy(),
    };
  };
}

/** A masked frame of a client that says it is larger than what follows. The mask is zero, so the payload stands as it is. */
function frameHead(fin: boolean, length: number): Buffer {
  const head = Buffer.alloc(14);
  head[0] = (fin ? 0x80 : 0) | 1;
  head[1] = 0x80 | 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

async function upgrade({ url }: Foreign, from: string, path: string, protocol?: string): Promise<Socket> {
  const socket = connectTcp({ port: Number(new URL(url).port), host: '127.0.0.1', localAddress: from });
  socket.on('error', () => {});
  const offer = protocol === undefined ? '' : `sec-websocket-protocol: ${protocol}\r\n`;
  socket.write(
    `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n` +
      `sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${offer}\r\n`,
  );
  const [answer] = await once(socket, 'data');
  if (!String(answer).startsWith('HTTP/1.1 101')) throw new Error(String(answer));
  return socket;
}

function inFrame(path: string, protocol?: string): BeginMessage {
  return async (foreign, from) => {
    const socket = await upgrade(foreign, from, path, protocol);
    const refused = new Promise<number | string>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        // A close frame of the server: opcode 8, not masked.
        if (chunk[0] === 0x88) resolve(chunk.readUInt16BE(2));
      });
      socket.once('close', () => resolve('closed'));
    });
    socket.write(frameHead(true, 3 * KIB * KIB));
    return {
      send: (size) => void socket.write(Buffer.alloc(size, 'a')),
      refused,
      leave: () => socket.destroy(),
    };
  };
}

const JSON_TYPE = { 'content-type': 'application/json' };
const BEGIN: readonly [name: string, begin: BeginMessage, refusal: number][] = [
  ['one message', inBody(method('Ask'), JSON_TYPE, '{"text":"'), 503],
  ['one message for a stream', inBody(method('Down'), JSON_TYPE, '{"text":"'), 503],
  ['a line', inBody(method('Up'), { 'content-type': 'application/x-ndjson' }, '{"text":"'), 503],
  ['a second line', inBody(method('Up'), { 'content-type': 'application/x-ndjson' }, '{}\n{"text":"'), 503],
  ['a frame', inFrame(method('Both')), 4014],
  ['a frame of a session', inFrame('/_sluice/session', 'sluice.v1.json'), 4429],
  [
    'fragments',
    async ({ wsUrl }, from) => {
      const { socket, closed } = await connect(wsUrl + method('Both'), { localAddress: from });
      return {
        send: (size) => socket.send('a'.repeat(size), { fin: false }),
        refused: closed.then(({ code }) => code),
        leave: () => socket.terminate(),
      };
    },
    4014,
  ],
];

async function openSmall(t: Test, unfinishedBytes: number): Promise<Foreign> {
  const item = await bytes({ number: 1 });
  const answer = [{ in: 'end' }, { out: item }] as const;
  return await openForeign(
    t,
    { Ask: answer, Down: answer, Up: answer, Both: [{ echo: true }] },
    { limits: { unfinishedBytes } },
  );
}

async function unfinishedBytes({ gateway }: Foreign): Promise<number> {
  const { text } = await http(`${gateway.adminUrl}/metrics`);
  return Number(/^sluice_unfinished_bytes (\d+)$/m.exec(text)?.[1]);
}

async function untilHeld(t: Test, foreign: Foreign, least: number, most: number): Promise<void> {
  let held = -1;
  await until(t, `${least} to ${most} bytes to be held`, () => {
    void unfinishedBytes(foreign).then((value) => {
      held = value;
    });
    return held >= least && held <= most;
  });
}

t.test('refused messages that are still held are cut when they are too much together', async (t) => {
  const cut: number[] = [];
  const budget = new UnfinishedMessages(1_000);
  const messages = Array.from({ length: 6 }, (_, n) =>
    budget.of(
      `client ${n}`,
      () => {},
      () => cut.push(n),
    ),
  );
  messages[0]?.holds(600);
  messages[1]?.holds(500);
  t.same(cut, [0], 'larger than all that may leave');
  messages[2]?.holds(200);
  messages[3]?.holds(150);
  messages[4]?.holds(151);
  t.same(cut, [0, 1], 'the first to be refused');
  messages[5]?.holds(900);
  t.same(cut, [0, 1, 5]);
  for (const message of messages) message.holds(0);
  t.equal(budget.bytes, 0);
});

t.test('what has left is cut no more', async (t) => {
  const cut: number[] = [];
  const budget = new UnfinishedMessages(1_000);
  for (let n = 0; n < 50; n += 1) {
    const [large, small] = [0, 1].map((which) =>
      budget.of(
        'one',
        () => {},
        () => cut.push(which),
      ),
    );
    large?.holds(900);
    small?.holds(200);
    small?.holds(0);
    large?.holds(0);
  }
  t.same(cut, []);
});

t.test('the newest of the unfinished messages is refused, whatever surface it comes by', async (t) => {
  for (const [name, begin, refusal] of BEGIN) {
    const foreign = await openSmall(t, 1_000 * KIB);
    const begun: Begun[] = [];
    for (let n = 0; n < 4; n += 1) {
      const message = await begin(foreign, FIRST);
      message.send(220 * KIB);
      begun.push(message);
      await untilHeld(t, foreign, (n + 1) * 220 * KIB, (n + 1) * 220 * KIB + 40_000);
    }
    // Another client, and a message that comes at once, do not suffer.
    const neighbour = await begin(foreign, SECOND);
    neighbour.send(100 * KIB);
    await untilHeld(t, foreign, 980 * KIB, 1_000 * KIB);
    begun[0]?.send(100 * KIB);
    const last = begun.pop() as Begun;
    t.equal(await last.refused, refusal, name);
    await untilHeld(t, foreign, 860 * KIB, 900 * KIB);
    const small = { headers: JSON_TYPE, body: JSON.stringify({ text: 'a'.repeat(10_000) }) };
    for (const from of [FIRST, SECOND])
      t.match(await httpFrom(from, foreign.url + method('Ask'), small), { status: 200 });
    for (const { leave } of [...begun, neighbour]) leave();
    await untilHeld(t, foreign, 0, 0);
    await until(t, 'nothing to be open', () => foreign.gateway.openExchanges === 0);
  }
});

t.test('a refused body says when to come again', async (t) => {
  const foreign = await openSmall(t, 100 * KIB);
  const sent = sendFrom(FIRST, foreign.url + method('Ask'), { method: 'POST', headers: JSON_TYPE });
  const head = headOrError(sent);
  sent.write(Buffer.alloc(90 * KIB, 'a'));
  await untilHeld(t, foreign, 90 * KIB, 100 * KIB);
  sent.write(Buffer.alloc(90 * KIB, 'a'));
  const answer = (await head) as IncomingMessage;
  t.match(answer, { statusCode: 503, headers: { 'retry-after': '1', 'grpc-status': '14' } });
  let text = '';
  for await (const chunk of answer) text += chunk;
  t.match(text, /"UNAVAILABLE".*--unfinished-bytes/);
  sent.destroy();
  await untilHeld(t, foreign, 0, 0);
  t.match(
    (await http(`${foreign.gateway.adminUrl}/metrics`)).text,
    /refusals_total\{limit="unfinished_bytes"\} 1/,
  );
});

t.test('after any mix of whole, cut and refused messages nothing is counted', async (t) => {
  const foreign = await openSmall(t, 600 * KIB);
  const session = await openSession(foreign.wsUrl);
  await session.send(openOf(1, 'Both'));
  await session.of(1);
  const action = fc.record({
    surface: fc.integer({ min: 0, max: BEGIN.length - 1 }),
    from: fc.constantFrom(FIRST, SECOND),
    sizes: fc.array(fc.integer({ min: 1, max: 200 * KIB }), { minLength: 1, maxLength: 3 }),
    pause: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 12 }), async (actions) => {
      const begun = await Promise.all(
        actions.map(async ({ surface, from, sizes, pause }) => {
          const message = await (BEGIN[surface] as (typeof BEGIN)[0])[1](foreign, from);
          for (const size of sizes) {
            message.send(size);
            if (pause) await new Promise((resolve) => setTimeout(resolve, 2));
          }
          return message;
        }),
      );
      const whole = JSON.stringify({ text: 'a'.repeat(150 * KIB) });
      await httpFrom(SECOND, foreign.url + method('Ask'), { headers: JSON_TYPE, body: whole });
      for (const { leave } of begun) leave();
      await untilHeld(t, foreign, 0, 0);
      await until(t, 'the exchanges to be over', () => foreign.gateway.openExchanges === 1);
    }),
    { numRuns: 15 },
  );
  session.test.socket.terminate();
});
