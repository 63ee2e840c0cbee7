import t from 'tap';
import { ReplayedMessages } from '../../../bin/call/replayed-messages.js';

const message = (number: number, bytes = 1) => Buffer.alloc(bytes, number);

async function* source(messages: readonly Buffer[], wait?: Promise<void>): AsyncGenerator<Uint8Array> {
  for (const [index, one] of messages.entries()) {
    if (index === 1) await wait;
    yield one;
  }
}

async function all(messages: AsyncIterable<Uint8Array>): Promise<number[]> {
  const found: number[] = [];
  for await (const bytes of messages) found.push(bytes[0] as number);
  return found;
}

t.test('what was taken comes once more, and what nobody has taken yet comes once', async (t) => {
  let go = () => {};
  const replayed = new ReplayedMessages(
    source(
      [message(1), message(2), message(3)],
      new Promise((resolve) => {
        go = resolve;
      }),
    ),
  );
  const first = replayed.each();
  t.equal((await first.next()).value?.[0], 1);
  // The first way waits for a message when it turns out to be none.
  const late = first.next();
  const second = all(replayed.each());
  go();
  t.same(await second, [1, 2, 3]);
  t.equal((await late).value?.[0], 2);
  t.ok(replayed.isWhole);
  t.same(await all(replayed.each()), [1, 2, 3]);
});

t.test('nothing is kept of what was settled, nor more than a mebibyte', async (t) => {
  const settled = new ReplayedMessages(source([message(1), message(2)]));
  settled.settle();
  t.same(await all(settled.each()), [1, 2]);
  t.notOk(settled.isWhole);
  const half = 600 * 1024;
  const many = new ReplayedMessages(source([message(1, half), message(2, half), message(3, half)]));
  t.same(await all(many.each()), [1, 2, 3]);
  t.notOk(many.isWhole);
  const one = new ReplayedMessages(source([message(1, 4 * half)]));
  await all(one.each());
  t.ok(one.isWhole, 'the first one is, whatever its size');
});

t.test('what the source rejects with reaches every reader', async (t) => {
  const failing = new ReplayedMessages(
    (async function* () {
      yield message(1);
      throw new Error('wrong');
    })(),
  );
  for (let round = 0; round < 2; round += 1) await t.rejects(all(failing.each()), { message: 'wrong' });
});
