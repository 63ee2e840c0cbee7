import fc from 'fast-check';
import t from 'tap';
import { type Identified, IdTable } from '../../../gateway/async/index.js';

t.test('items are found by their ids, whatever others come and go', async (t) => {
  // Ids in a row, ids that share their lowest bits, the largest.
  const id = fc.oneof(
    fc.nat(40),
    fc.nat(40).map((n) => n * 2 ** 16),
    fc.nat(40).map((n) => 2 ** 32 - 1 - n),
  );
  const step = fc.record({ id, isAdded: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const table = new IdTable<Identified>();
      const model = new Map<number, Identified>();
      for (const { id, isAdded } of steps) {
        if (!isAdded) {
          table.delete(id);
          model.delete(id);
        } else if (!model.has(id)) {
          const item = { id };
          table.add(item);
          model.set(id, item);
        }
        if (table.size !== model.size) return false;
        for (const { id } of steps) if (table.get(id) !== model.get(id)) return false;
      }
      const wanted = [...model.values()].sort((a, b) => a.id - b.id);
      return table.all().every((item, at) => item === wanted[at]);
    }),
  );
  t.pass();
});
