import fc from 'fast-check';
import t from 'tap';
import { SessionFault, UsedIds } from '../../../../gateway/wire/session/index.js';

t.test('an id can be added once, in any order', async () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 80 }), (ids) => {
      const used = new UsedIds();
      const seen = new Set<number>();
      for (const id of ids) {
        let refused = false;
        try {
          used.add(id);
        } catch (reason) {
          if (!(reason instanceof SessionFault) || reason.closeCode !== 4400) throw reason;
          refused = true;
        }
        if (refused !== seen.has(id)) throw new Error(`${id} of ${ids}`);
        seen.add(id);
        for (let other = 0; other <= 41; other += 1) {
          if (used.has(other) !== seen.has(other)) throw new Error(`has ${other} after ${ids}`);
        }
      }
    }),
  );
});

t.test('counting upwards costs one interval, whatever the number of ids', async (t) => {
  const used = new UsedIds();
  for (let id = 1; id <= 200_000; id += 1) used.add(id);
  t.ok(used.has(200_000));
  t.notOk(used.has(200_001));
  used.add(2 ** 32 - 1);
  t.ok(used.has(2 ** 32 - 1));
});

t.test('10,000 gaps are taken, one more is 4429', async (t) => {
  for (const step of [2, -2]) {
    const used = new UsedIds();
    let id = 100_000;
    for (let index = 0; index <= 10_000; index += 1) {
      used.add(id);
      id += step;
    }
    t.throws(() => used.add(id), { name: 'SessionFault', closeCode: 4429 });
    used.add(100_000 + step / 2);
    used.add(id);
    t.ok(used.has(id), 'an id that closes a gap is taken, and makes room for another');
  }
});
