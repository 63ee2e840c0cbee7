import t from 'tap';
import { MESSAGE_OVERHEAD_BYTES, ReceivedMessages } from '../../../gateway/upstream/received-messages.js';

const bytes = (text: string) => Buffer.from(text);
const texts = (batch: readonly Uint8Array[] | undefined) => batch?.map(String);

t.test('a waiting reader gets all of one turn as one batch, at its end', async (t) => {
  const inbox = new ReceivedMessages(() => {});
  const read = inbox.read();
  inbox.push(bytes('1'));
  queueMicrotask(() => inbox.push(bytes('2')));
  process.nextTick(() => inbox.push(bytes('3')));
  t.same(texts(await read), ['1', '2', '3']);
});

t.test('what is there is read without waiting for more', async (t) => {
  const inbox = new ReceivedMessages(() => {});
  inbox.push(bytes('1'));
  const read = inbox.read();
  inbox.push(bytes('2'));
  t.same(texts(await read), ['1']);
  t.same(texts(await inbox.read()), ['2']);
});

t.test('bytes count what is held, empty messages too', async (t) => {
  let taken = 0;
  const inbox = new ReceivedMessages(() => {
    taken++;
  });
  inbox.push(new Uint8Array(0));
  inbox.push(new Uint8Array(10));
  t.equal(inbox.bytes, 10 + 2 * MESSAGE_OVERHEAD_BYTES);
  await inbox.read();
  t.equal(inbox.bytes, 0);
  t.equal(inbox.isEmpty, true);
  t.equal(taken, 1);
});

t.test('the end comes after what is held, and ends a waiting reader', async (t) => {
  const inbox = new ReceivedMessages(() => {});
  inbox.push(bytes('1'));
  inbox.end();
  inbox.push(bytes('late'));
  t.same(texts(await inbox.read()), ['1']);
  t.equal(await inbox.read(), undefined);
  const other = new ReceivedMessages(() => {});
  const read = other.read();
  other.end();
  t.equal(await read, undefined);
});

t.test('the end right after a message does not overtake it', async (t) => {
  const inbox = new ReceivedMessages(() => {});
  const read = inbox.read();
  inbox.push(bytes('1'));
  inbox.end();
  t.same(texts(await read), ['1']);
  t.equal(await inbox.read(), undefined);
});

t.test('drop says whether something was lost', async (t) => {
  const inbox = new ReceivedMessages(() => {});
  t.equal(inbox.drop(), false);
  const full = new ReceivedMessages(() => {});
  full.push(bytes('1'));
  t.equal(full.drop(), true);
  t.equal(await full.read(), undefined);
});
