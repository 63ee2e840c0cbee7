import t from 'tap';
import { LATER, type Later, type Waker } from '../../../gateway/upstream/index.js';
import { pump } from '../../support/pump.js';

t.test('what is here, and where there is room, is moved in the tick of the call', async (t) => {
  const source = [1, 2, 3];
  const moved: number[] = [];
  let counted = 0;
  const done = pump<number>(
    () => source.shift(),
    (batch) => {
      moved.push(batch);
      return batch < 3 ? true : undefined;
    },
    () => {
      counted += 1;
    },
  );
  t.same(moved, [1, 2, 3]);
  t.equal(counted, 3);
  t.equal(await done, true);
});

t.test('a sink that wants no more ends the pump, with or without a promise', async (t) => {
  for (const no of [false, Promise.resolve(false)] as const) {
    const source = [1, 2];
    const ended = await pump<number>(
      () => source.shift(),
      () => no,
      () => {},
    );
    t.equal(ended, false);
    t.same(source, [2], 'nothing more is read');
  }
});

/** What comes when it comes, as a call without promises has it. */
class Source {
  isOver = false;
  waker: Waker | undefined;
  readonly #here: number[] = [];

  readonly next = (waker: Waker): number | undefined | Later => {
    const found = this.#here.shift();
    if (found !== undefined || this.isOver) return found;
    this.waker = waker;
    return LATER;
  };

  bring(...messages: number[]): void {
    this.#here.push(...messages);
    const { waker } = this;
    this.waker = undefined;
    waker?.wake();
  }
}

t.test('who is woken moves what has come before the wake returns, and asks again', async (t) => {
  const source = new Source();
  const moved: number[] = [];
  let room: (() => void) | undefined;
  const done = pump<number>(
    source.next,
    (batch) => {
      moved.push(batch);
      return batch === 3
        ? new Promise<void>((resolve) => {
            room = resolve;
          })
        : undefined;
    },
    () => {},
  );
  source.bring(1, 2);
  t.same(moved, [1, 2]);
  source.bring(3, 4);
  t.same(moved, [1, 2, 3], 'nothing is read while there is no room');
  t.equal(source.waker, undefined);
  room?.();
  await Promise.resolve();
  t.same(moved, [1, 2, 3, 4]);
  source.isOver = true;
  source.bring();
  t.equal(await done, true);
});

t.test(
  'a sink that is woken and fails, or wants no more, ends its own pump and not who wakes it',
  async (t) => {
    const failing = new Source();
    const failed = pump<number>(
      failing.next,
      () => {
        throw new Error('no message');
      },
      () => {},
    );
    t.doesNotThrow(() => failing.bring(1));
    await t.rejects(Promise.resolve(failed), { message: 'no message' });
    const unwanted = new Source();
    const ended = pump<number>(
      unwanted.next,
      () => false,
      () => {},
    );
    unwanted.bring(1, 2);
    t.equal(await ended, false);
    t.equal(unwanted.waker, undefined, 'nothing more is read');
  },
);
