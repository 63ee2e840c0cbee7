import t from 'tap';
import { BoundedQueue, Merge } from '../../../../grpc-core/rooms/member/index.js';
import { settle } from '../until.js';

/** Counts how far it was read, and whether it was closed. */
function source(name: string, length: number, seen: { read: number; closed: number }) {
  return (async function* () {
    try {
      for (let n = 0; n < length; n++) {
        seen.read++;
        yield `${name}${n}`;
      }
    } finally {
      seen.closed++;
    }
  })();
}

t.test('takes from each source at most one item ahead', async (t) => {
  const seen = { read: 0, closed: 0 };
  const merge = new Merge<string>();
  merge.add(source('a', 100, seen));
  merge.add(source('b', 100, seen));
  const items = merge[Symbol.asyncIterator]();
  await items.next();
  await settle();
  t.equal(seen.read, 2);
  await items.return();
  await settle();
  t.equal(seen.closed, 2, 'and closes them when it is left');
});

t.test('ends when all sources have ended, with the reason it was given', async (t) => {
  const seen = { read: 0, closed: 0 };
  const merge = new Merge<string>();
  merge.add(source('a', 2, seen));
  merge.end(new Error('the last word'));
  const items: string[] = [];
  await t.rejects(async () => {
    for await (const item of merge) items.push(item);
  }, /the last word/);
  t.same(items, ['a0', 'a1']);
});

t.test('a source that breaks ends all', async (t) => {
  const seen = { read: 0, closed: 0 };
  const merge = new Merge<string>();
  const wait = new Promise<void>(() => undefined);
  merge.add(source('a', 1, seen));
  merge.add(
    // biome-ignore lint/correctness/useYield: it breaks first
    (async function* (): AsyncGenerator<string> {
      await settle();
      throw new Error('broken');
    })(),
  );
  merge.add(
    (async function* () {
      yield 'b';
      await wait;
    })(),
  );
  await t.rejects(async () => {
    for await (const _ of merge);
  }, /broken/);
});

t.test('after stop nothing comes, and a source added late is closed', async (t) => {
  const seen = { read: 0, closed: 0 };
  const merge = new Merge<string>();
  merge.add(source('a', 5, seen));
  await settle();
  merge.stop();
  merge.add(source('b', 5, seen));
  for await (const item of merge) t.fail(item);
  t.same(seen, { read: 1, closed: 1 });
});

t.test('a queue makes its writer wait, and lets it go when it ends', async (t) => {
  const end = new AbortController();
  const queue = new BoundedQueue<number>(2, end.signal);
  let written = 0;
  const writing = (async () => {
    for (let n = 0; n < 10; n++) {
      await queue.put(n);
      written++;
    }
  })();
  await settle();
  t.equal(written, 2);
  const items = queue[Symbol.asyncIterator]();
  t.equal((await items.next()).value, 0);
  await settle();
  t.equal(written, 3);
  end.abort();
  await writing;
  t.equal((await items.next()).done, true);
});
