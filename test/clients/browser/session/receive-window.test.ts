import fc from 'fast-check';
import t from 'tap';
import { createReceiveWindow } from '../../../../clients/browser/session/receive-window.js';

/** A gateway and a page that are both as fast or slow as the steps say, and what each of them knows. */
function play(
  maxMessages: number,
  maxBytes: number,
  steps: readonly (readonly [kind: number, bytes: number])[],
) {
  const window = createReceiveWindow({ messages: maxMessages, bytes: maxBytes });
  let credit = { messages: 0, bytes: 0 };
  let queue: number[] = [];
  let worked: number | undefined;
  let largest = 0;
  const fault = (text: string): never => {
    throw new Error(`${text}: ${JSON.stringify({ maxMessages, maxBytes, credit, queue, worked })}`);
  };
  const held = () => queue.reduce((sum, bytes) => sum + bytes, worked ?? 0);
  const grant = () => {
    const amount = window.grant();
    if (amount === undefined) return;
    if (amount.messages < 0 || amount.bytes < 0) fault('a negative grant');
    if (amount.messages === 0 && amount.bytes === 0) fault('a grant of nothing');
    credit = { messages: credit.messages + amount.messages, bytes: credit.bytes + amount.bytes };
  };
  /** Returns whether the gateway may send. */
  const send = (bytes: number) => {
    if (credit.messages <= 0 || credit.bytes <= 0) return false;
    credit = { messages: credit.messages - 1, bytes: credit.bytes - bytes };
    largest = Math.max(largest, bytes);
    window.receive(bytes);
    queue.push(bytes);
    if (queue.length > maxMessages) fault('too many messages');
    // All but the one that crosses.
    if (held() - largest >= maxBytes && held() - bytes >= maxBytes) fault('too many bytes');
    return true;
  };
  const take = () => {
    if (worked !== undefined) {
      window.release(worked);
      worked = undefined;
      grant();
    }
    worked = queue.shift();
    if (worked === undefined) return;
    window.take();
    grant();
  };
  const open = () => {
    credit = window.open();
    if (credit.messages < 0 || credit.bytes < 1) fault('an open that says nothing of bytes');
  };
  open();
  for (const [kind, bytes] of steps) {
    if (kind < 5) send(bytes);
    else if (kind < 9) take();
    else open();
  }
  // Everybody goes on: the page has taken all, and the gateway may send again.
  while (queue.length > 0 || worked !== undefined) take();
  if (credit.messages <= 0 || credit.bytes <= 0) fault('a deadlock');
  if (credit.messages > maxMessages || credit.bytes > maxBytes) fault('more than the window');
  // Nothing leaks, however often.
  for (let round = 0; round < 50; round += 1) {
    for (let count = 0; count < 3; count += 1) send(steps[round % Math.max(steps.length, 1)]?.[1] ?? 1);
    while (queue.length > 0 || worked !== undefined) take();
    if (credit.messages <= 0 || credit.bytes <= 0) fault('a deadlock later');
  }
  queue = [];
}

const bytes = fc.oneof(fc.constantFrom(0, 1, 2), fc.nat({ max: 100 }), fc.nat({ max: 5_000_000 }));

t.test('the page holds at most the window and one message, nothing leaks, and nothing stops', async (t) => {
  fc.assert(
    fc.property(
      fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constantFrom(16, 2 ** 31 - 1)),
      fc.oneof(fc.integer({ min: 1, max: 200 }), fc.constantFrom(1024 * 1024, 2 ** 31 - 1)),
      fc.array(fc.tuple(fc.nat({ max: 9 }), bytes), { maxLength: 60 }),
      play,
    ),
    { numRuns: 3_000 },
  );
  t.pass();
});

t.test('a window without bytes grants messages alone', async (t) => {
  const window = createReceiveWindow({ messages: 2, bytes: 0 });
  t.same(window.open(), { messages: 2, bytes: 0 });
  window.receive(1_000_000_000);
  t.equal(window.grant(), undefined);
  window.take();
  t.same(window.grant(), { messages: 1, bytes: 0 });
  window.release(1_000_000_000);
  t.equal(window.grant(), undefined);
});

t.test('small messages cost no more frames than before: one for each half of the window', async (t) => {
  const window = createReceiveWindow({ messages: 16, bytes: 1024 * 1024 });
  window.open();
  let grants = 0;
  for (let index = 0; index < 1_600; index += 1) {
    window.receive(100);
    window.take();
    if (window.grant() !== undefined) grants += 1;
    window.release(100);
    if (window.grant() !== undefined) grants += 1;
  }
  t.equal(grants, 200);
});
