import t from 'tap';
import { AddressCounts } from '../../../gateway/security/index.js';

t.test('each address has what was added and not taken back, whatever others come and go', (t) => {
  const counts = new AddressCounts();
  const model = new Map<string, number>();
  // Some come once, some again and again.
  for (let step = 0; step < 3_000; step += 1) {
    const group = `10.0.0.${(step * 7) % 300}`;
    const count = 1 + (step % 3);
    counts.add(group, count);
    model.set(group, (model.get(group) ?? 0) + count);
    const other = `10.0.0.${(step * step) % 300}`;
    const has = model.get(other) ?? 0;
    if (has > 0) {
      counts.remove(other, has);
      model.set(other, 0);
    }
    for (const one of [group, other]) {
      if (counts.of(one) !== (model.get(one) ?? 0)) t.fail(`${one} has ${counts.of(one)}`);
    }
  }
  for (const [group, has] of model) t.equal(counts.of(group), has, group);
  t.equal(
    counts.total,
    [...model.values()].reduce((sum, has) => sum + has, 0),
  );
  const [full] = [...model].find(([, has]) => has > 1) ?? [''];
  t.ok(counts.isFull(full, 1));
  t.notOk(counts.isFull(full, 0), '0 is any number');
  t.notOk(counts.isFull('10.1.1.1', 1));
  t.end();
});
