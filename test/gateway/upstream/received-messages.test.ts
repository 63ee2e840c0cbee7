import t from 'tap';
import type { Batch } from '../../../gateway/upstream/index.js';
import { MESSAGE_OVERHEAD_BYTES, ReceivedMessages } from '../../../gateway/upstream/received-messages.js';

const bytes = (text: string) => Buffer.from(text);
const texts = (batch: Batch | undefined) => batch && Array.from(batch, String);

t.test('a waiting reader gets all of one turn as one batch, at its end', async (t) => {
  const messages = new ReceivedMessages(() => {});
  const read = messages.read();
  messages.push(bytes('1'));
  queueMicrotask(() => messages.push(bytes('2')));
  process.nextTick(() => messages.push(bytes('3')));
  t.same(texts(await read), ['1', '2', '3']);
});

t.test('what is there is read without waiting for more', async (t) => {
  const messages = new ReceivedMessages(() => {});
  messages.push(bytes('1'));
  const read = messages.read();
  messages.push(bytes('2'));
  t.same(texts(await read), ['1']);
  t.same(texts(await messages.read()), ['2']);
});

t.test('bytes count what is held, empty messages too', async (t) => {
  let taken = 0;
  const messages = new ReceivedMessages(() => {
    taken++;
  });
  messages.push(new Uint8Array(0));
  messages.push(new Uint8Array(10));
  t.equal(messages.bytes, 10 + 2 * MESSAGE_OVERHEAD_BYTES);
  await messages.read();
  t.equal(messages.bytes, 0);
  t.equal(messages.isEmpty, true);
  t.equal(taken, 1);
});

t.test('the end comes after what is held, and ends a waiting reader', async (t) => {
  const messages = new ReceivedMessages(() => {});
  messages.push(bytes('1'));
  messages.end();
  messages.push(bytes('late'));
  t.same(texts(await messages.read()), ['1']);
  t.equal(await messages.read(), undefined);
  const other = new ReceivedMessages(() => {});
  const read = other.read();
  other.end();
  t.equal(await read, undefined);
});

t.test('the end right after a message does not overtake it', async (t) => {
  const messages = new ReceivedMessages(() => {});
  const read = messages.read();
  messages.push(bytes('1'));
  messages.end();
  t.same(texts(await read), ['1']);
  t.equal(await messages.read(), undefined);
});

t.test('drop says whether something was lost', async (t) => {
  const messages = new ReceivedMessages(() => {});
  t.equal(messages.drop(), false);
  const full = new ReceivedMessages(() => {});
  full.push(bytes('1'));
  t.equal(full.drop(), true);
  t.equal(await full.read(), undefined);
});

t.test('a waiting reader gets its batch also when that is what ends the queue', async (t) => {
  for (const deliver of [
    (it: ReceivedMessages) => it.deliver(),
    (it: ReceivedMessages) => it.end(),
    () => {},
  ]) {
    const messages = new ReceivedMessages(() => messages.end());
    const read = messages.read();
    messages.push(bytes('1'));
    deliver(messages);
    t.same(texts(await read), ['1']);
    t.equal(await messages.read(), undefined);
  }
});
