import t from 'tap';
import { pump } from '../../../gateway/bridge/index.js';

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
