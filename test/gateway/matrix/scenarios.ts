import { setImmediate as turn } from 'node:timers/promises';
import type { Test } from 'tap';
import type { CodeName } from '../../../gateway/status/index.js';
import { settled, until } from '../../support/http.js';
import { quiet } from '../../support/quiet.js';
import type { ScriptedCall, Step } from '../../support/scripted-upstream.js';
import type { Cell, Scenario } from './cell.js';
import { FAILURES, promised } from './expectation.js';
import { itemBytes } from './item.js';
import { labelOf, type Surface } from './surface.js';

/** The gateway of the matrix takes no larger message. */
export const MAX_MESSAGE_BYTES = 256 * 1024;

const TEXT = 'x'.repeat(10_000);
/** Far more than all buffers between service and client hold, far less than the stream. */
const MAX_BUFFERED_BYTES = 24 * 1024 * 1024;

/** Some messages of a sender, few enough that a session need not send many of them, and more than any kernel holds for one connection. */
const SOME_TEXTS = 150;
const MOST_TEXTS = 7_000;

const streamsUp = ({ kind }: Surface) => kind === 'up' || kind === 'both';
const streamsDown = ({ kind }: Surface) => kind === 'down' || kind === 'both';
const out = (text: string, times = 1): Step => ({ out: itemBytes(text), times });
/** The request of a call that takes one; a stream of requests goes on. */
const request = ({ surface }: { readonly surface: Surface }): Step[] =>
  streamsUp(surface) ? [] : [{ in: 'end' }];

const ONLY_DOWN = (surface: Surface) => (streamsDown(surface) ? undefined : 'its answer is one message');
const ONLY_UP = (surface: Surface) => (streamsUp(surface) ? undefined : 'its request is one message');

async function assertCancelled(t: Test, { surface, transport }: Cell, call: ScriptedCall): Promise<void> {
  await until(t, `the call of ${labelOf(surface)} to be over`, () => call.cancelled);
  // grpc-js ends its side before it resets the stream: what the service sees first is a matter of luck.
  if (streamsUp(surface) && transport === 'http2')
    t.notOk(call.halfClosed, `${labelOf(surface)}: what was cut is not taken for a whole`);
}

/** Has the first message, where that can be seen before the end. */
async function firstMessage(t: Test, { surface, talk }: Cell): Promise<void> {
  if (streamsDown(surface))
    await until(t, `the first message of ${labelOf(surface)}`, () => talk.messages.length > 0);
}

const WHOLE: readonly Scenario[] = [
  {
    name: 'a whole call',
    text: 'ask',
    script: ({ surface }) => [
      { in: 'end' },
      ...(streamsDown(surface) ? [out('one'), out('two'), out('3')] : [out('onetwo3')]),
    ],
    async run(t, { surface, talk, call }) {
      if (streamsUp(surface)) for (const text of ['a', 'b', 'c']) talk.send(text);
      if (streamsUp(surface)) talk.halfClose();
      const { over } = await call();
      await over;
      const { received, halfClosed } = await call();
      const sent = Buffer.concat(received.map((message) => Buffer.from(message)));
      const expected = streamsUp(surface) ? ['a', 'b', 'c'] : ['ask'];
      if (surface.hasMessagesUp && surface.method !== 'Fetch')
        t.same(
          sent,
          Buffer.concat(expected.map((text) => itemBytes(text))),
          `${labelOf(surface)}: what the service got`,
        );
      t.ok(halfClosed, `${labelOf(surface)}: half-closed`);
    },
    outcome: (surface) => promised(surface, 'OK', 'late'),
    received: 'onetwo3',
  },
  {
    name: 'the service ends before the client has half-closed',
    notFor: ONLY_UP,
    script: () => [{ in: 1 }, out('done')],
    async run(_t, { talk }) {
      talk.send('x'.repeat(70_000));
    },
    outcome: (surface) => promised(surface, 'OK', 'late'),
    received: 'done',
  },
];

const STALLS: readonly Scenario[] = [
  {
    name: 'a stalled client stops the service, and lets it go on',
    notFor: ONLY_DOWN,
    script: (parts) => [...request(parts), out(TEXT, 1_000_000)],
    async run(t, cell) {
      const { surface, talk } = cell;
      talk.stall();
      const call = await cell.call();
      await until(t, `the first message to ${labelOf(surface)}`, () => call.accepted > 0);
      const stalledAt = await settled(() => call.accepted);
      t.ok(
        stalledAt > 0 && stalledAt * TEXT.length < MAX_BUFFERED_BYTES,
        `${labelOf(surface)}: stopped at ${stalledAt}`,
      );
      talk.resume();
      await until(t, `the service of ${labelOf(surface)} to go on`, () => call.accepted > stalledAt + 200);
      talk.cut();
      await assertCancelled(t, cell, call);
    },
  },
  {
    name: 'a slow client gets everything',
    notFor: ONLY_DOWN,
    script: (parts) => [...request(parts), ...SLOW_TEXTS.map((text) => out(text))],
    async run(_t, { talk }) {
      for (let n = 0; n < 30; n += 1) {
        talk.stall();
        await quiet(5);
        talk.resume();
        await turn();
      }
    },
    outcome: (surface) => promised(surface, 'OK', 'late'),
    get received() {
      return SLOW_TEXTS.join('');
    },
  },
  {
    name: 'a stalled service stops the client, and lets it go on',
    notFor: ONLY_UP,
    script: ({ wait }) => [{ in: 1 }, { wait }, { in: 'end' }, out('done')],
    async run(t, { surface, talk, call, goOn }) {
      let texts = 0;
      let pending = 0;
      let received: readonly Uint8Array[] = [];
      // How much the kernels' buffers take is not ours to say: more is sent until something waits.
      while (pending === 0 && texts < MOST_TEXTS) {
        for (let n = 0; n < SOME_TEXTS; n += 1) talk.send(TEXT);
        texts += SOME_TEXTS;
        received = (await call()).received;
        await until(t, `the first message of ${labelOf(surface)}`, () => received.length > 0);
        pending = await settled(() => talk.pending);
      }
      t.ok(pending > 0, `${labelOf(surface)}: ${pending} wait`);
      t.equal(received.length, 1, `${labelOf(surface)}: one has come`);
      goOn();
      await until(t, `${labelOf(surface)} to be taken`, () => talk.pending === 0);
      talk.halfClose();
      await talk.outcome;
      const bytes = received.reduce((sum, message) => sum + message.length, 0);
      t.ok(bytes >= texts * TEXT.length, `${labelOf(surface)}: everything has come`);
    },
    outcome: (surface) => promised(surface, 'OK', 'late'),
  },
  {
    name: 'a slow service gets everything',
    notFor: ONLY_UP,
    script: () => [
      ...Array.from({ length: 20 }, (): Step[] => [{ in: 3 }, { pauseMs: 5 }]).flat(),
      { in: 'end' },
      out('done'),
    ],
    async run(t, { surface, talk, call }) {
      for (let n = 0; n < 200; n += 1) talk.send(`${n}.`.padEnd(5_000, 'x'));
      talk.halfClose();
      await talk.outcome;
      const { received } = await call();
      const text = received.map((message) => Buffer.from(message).toString('latin1')).join('');
      const numbers = [...text.matchAll(/(\d+)\.x/g)].map(([, number]) => Number(number));
      t.same(
        numbers,
        Array.from({ length: 200 }, (_, n) => n),
        `${labelOf(surface)}: all, in order`,
      );
    },
    outcome: (surface) => promised(surface, 'OK', 'late'),
  },
];

const SLOW_TEXTS = Array.from({ length: 40 }, (_, n) => `${n};`.padEnd(100_000, 'x'));

const LEAVING: readonly Scenario[] = [
  {
    name: 'the client is cut before the head',
    script: ({ wait }) => [{ wait }],
    async run(t, cell) {
      if (streamsUp(cell.surface)) cell.talk.send('a');
      const call = await cell.call();
      cell.talk.cut();
      await assertCancelled(t, cell, call);
    },
  },
  {
    name: 'the client is cut after the head',
    notFor: ({ kind, name }) =>
      kind === 'unary' || kind === 'up' || name === 'bytes'
        ? 'its head comes with the first message'
        : undefined,
    script: ({ wait }) => [{ headers: [['a', 'b']] }, { wait }],
    async run(t, cell) {
      const call = await cell.call();
      await until(t, `the head of ${labelOf(cell.surface)}`, () => cell.talk.hasHead);
      cell.talk.cut();
      await assertCancelled(t, cell, call);
    },
  },
  {
    name: 'the client is cut in the middle of a message that it does not read',
    notFor: ONLY_DOWN,
    script: (parts) => [...request(parts), out('x'.repeat(200_000), 1_000_000)],
    async run(t, cell) {
      cell.talk.stall();
      const call = await cell.call();
      await settled(() => call.accepted, 100);
      cell.talk.cut();
      await assertCancelled(t, cell, call);
    },
  },
  {
    name: 'the client is cut in the middle of a message that it sends',
    notFor: ONLY_UP,
    script: () => [{ in: 'end' }],
    async run(t, cell) {
      cell.talk.send('a');
      const call = await cell.call();
      await until(t, `the first message of ${labelOf(cell.surface)}`, () => call.received.length > 0);
      cell.talk.sendPart();
      await quiet(20);
      cell.talk.cut();
      await assertCancelled(t, cell, call);
    },
  },
  {
    name: 'the client is cut after the last message, before the end',
    script: (parts) => [...request(parts), out('last'), { wait: parts.wait }],
    async run(t, cell) {
      if (streamsUp(cell.surface)) cell.talk.send('last');
      const call = await cell.call();
      await firstMessage(t, cell);
      if (streamsUp(cell.surface) && !streamsDown(cell.surface)) await quiet(20);
      cell.talk.cut();
      await assertCancelled(t, cell, call);
    },
  },
  {
    name: 'the client is cut while the service stalls',
    notFor: ONLY_UP,
    script: ({ wait }) => [{ in: 1 }, { wait }],
    async run(t, cell) {
      for (let n = 0; n < 700; n += 1) cell.talk.send(TEXT);
      const call = await cell.call();
      await settled(() => cell.talk.pending, 200);
      cell.talk.cut();
      await assertCancelled(t, cell, call);
    },
  },
  {
    name: 'the client cancels',
    script: (parts) => [
      ...request(parts),
      ...(streamsDown(parts.surface) ? [out('one')] : []),
      { wait: parts.wait },
    ],
    async run(t, cell) {
      if (streamsUp(cell.surface)) cell.talk.send('a');
      const call = await cell.call();
      await firstMessage(t, cell);
      cell.talk.cancel();
      await assertCancelled(t, cell, call);
      const { code } = await cell.talk.outcome;
      // Only a session goes on after a call was cancelled, so only there can it be told.
      t.equal(code, cell.surface.name.startsWith('session') ? 'CANCELLED' : undefined, labelOf(cell.surface));
    },
  },
];

/** A failure of the service, before or after its first message. */
function failure(code: CodeName, when: 'early' | 'late'): Scenario {
  return {
    name: `${code} ${when === 'early' ? 'before' : 'after'} the first message`,
    script: (parts) => [
      ...request(parts),
      ...(when === 'late' ? [out('one')] : []),
      // Until the client has it: the reference transport drops what has not been read when a call fails.
      ...(when === 'late' && streamsDown(parts.surface) ? [{ wait: parts.wait }] : []),
      { status: code, message: 'no' },
    ],
    async run(t, cell) {
      if (streamsUp(cell.surface)) cell.talk.send('a');
      if (when === 'late') await firstMessage(t, cell);
      cell.goOn();
    },
    outcome: (surface) => promised(surface, code, when),
    ...(when === 'early' ? { received: '' } : {}),
  };
}

/** A deadline that no first message misses, also on a machine that stalls. */
const AFTER_FIRST_MS = 4_000;

const TOO_LARGE = 'x'.repeat(MAX_MESSAGE_BYTES + 1);

const LIMITS: readonly Scenario[] = [
  {
    name: 'the client sends too large a message',
    text: TOO_LARGE,
    notFor: ({ hasMessagesUp, asksInAddress }) =>
      asksInAddress === true
        ? 'its request is an address, which Node bounds'
        : hasMessagesUp
          ? undefined
          : 'its messages are cut by the gateway',
    script: () => [{ in: 'end' }, out('done')],
    async run(_t, { surface, talk }) {
      if (streamsUp(surface)) talk.send(TOO_LARGE);
    },
    outcome(surface) {
      const { name } = surface;
      if (name.startsWith('websocket') || name.startsWith('session')) return { told: 'close', status: 1_009 };
      // HTTP's own status is for our own forms.
      if (name.startsWith('connect') || name.startsWith('grpc'))
        return promised(surface, 'RESOURCE_EXHAUSTED', 'early');
      return { code: 'RESOURCE_EXHAUSTED', told: 'head', status: 413 };
    },
  },
  {
    name: 'the service sends too large a message',
    script: (parts) => [
      ...request(parts),
      ...(streamsDown(parts.surface) ? [out('one'), { wait: parts.wait }] : []),
      out(TOO_LARGE),
    ],
    async run(t, cell) {
      if (streamsUp(cell.surface)) cell.talk.send('a');
      await firstMessage(t, cell);
      cell.goOn();
    },
    outcome: (surface) => promised(surface, 'RESOURCE_EXHAUSTED', 'late'),
  },
  {
    name: 'the deadline passes before the first message',
    timeoutMs: 120,
    script: ({ wait }) => [{ wait }],
    async run(_t, { surface, talk }) {
      if (streamsUp(surface)) talk.send('a');
    },
    outcome: (surface) => promised(surface, 'DEADLINE_EXCEEDED', 'early'),
  },
  {
    name: 'the deadline passes after the first message',
    timeoutMs: AFTER_FIRST_MS,
    script: (parts) => [...request(parts), out('one'), { wait: parts.wait }],
    async run(_t, { surface, talk }) {
      if (streamsUp(surface)) talk.send('a');
    },
    outcome: (surface) => promised(surface, 'DEADLINE_EXCEEDED', 'late'),
  },
  {
    name: 'the deadline passes while the client stalls',
    timeoutMs: AFTER_FIRST_MS,
    notFor: ONLY_DOWN,
    script: (parts) => [...request(parts), out(TEXT, 1_000_000)],
    async run(t, cell) {
      const { surface, talk } = cell;
      if (streamsUp(surface)) talk.send('a');
      const call = await cell.call();
      await firstMessage(t, cell);
      talk.stall();
      await until(t, `the call of ${labelOf(surface)} to be over`, () => call.cancelled);
      talk.resume();
    },
    outcome: (surface) => promised(surface, 'DEADLINE_EXCEEDED', 'late'),
  },
  {
    name: 'the deadline passes while the service stalls',
    timeoutMs: 150,
    notFor: ONLY_UP,
    script: ({ wait }) => [{ in: 1 }, { wait }],
    async run(_t, { talk }) {
      for (let n = 0; n < 500; n += 1) talk.send(TEXT);
    },
    outcome: (surface) => promised(surface, 'DEADLINE_EXCEEDED', 'early'),
  },
];

/** Every row; those of a group may run side by side. */
export const SCENARIOS: readonly Scenario[] = [
  ...WHOLE,
  ...STALLS,
  ...LEAVING,
  ...FAILURES.map((code) => failure(code, 'early')),
  ...FAILURES.map((code) => failure(code, 'late')),
  ...LIMITS,
];

/** Such a head does not wait for the first message longer than for `headWaitMs`. */
const hasOwnHead = (surface: Surface) =>
  streamsDown(surface) && surface.name !== 'bytes' && !/^(?:connect|grpc)/.test(surface.name);

/** When the connection to the service is lost, with all calls on it. */
export const SERVICE_LOST: readonly Scenario[] = (['early', 'late'] as const).map((when) => ({
  name: `the service is lost ${when === 'early' ? 'before' : 'after'} the first message`,
  script: (parts) => [...(when === 'late' ? [out('one')] : []), { wait: parts.wait }],
  async run(t, cell) {
    const { surface, talk } = cell;
    if (streamsUp(surface)) talk.send('a');
    await cell.call();
    if (when === 'late') await firstMessage(t, cell);
    else if (hasOwnHead(surface) && !surface.name.startsWith('session'))
      await until(t, `the head of ${labelOf(surface)}`, () => talk.hasHead);
  },
  outcome: (surface) => promised(surface, 'UNAVAILABLE', hasOwnHead(surface) ? 'late' : when),
}));
