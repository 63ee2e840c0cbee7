import t from 'tap';
import type { ClientStream } from '../../../../../gateway/upstream/http2/h2/index.js';
import { SendLine } from '../../../../../gateway/upstream/http2/h2/send-line.js';
import { StreamTable } from '../../../../../gateway/upstream/http2/h2/stream-table.js';

const streamOf = (id: number) => ({ id, isInLine: false }) as ClientStream;

/** Numbers that look random, from 0 to `most`, the same in each run. */
function numbers(): (most: number) => number {
  let state = 1;
  return (most) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state % most;
  };
}

t.test('streams are found by their ids, whatever others come and go', (t) => {
  const next = numbers();
  const table = new StreamTable();
  const model = new Map<number, ClientStream>();
  for (let step = 0; step < 20_000; step += 1) {
    // Some stay for long, so ids far apart meet.
    const open = [...model.keys()];
    if (next(100) < (open.length < 150 ? 52 : 30)) {
      const stream = streamOf(table.takeId());
      table.add(stream);
      model.set(stream.id, stream);
    } else if (open.length > 0) {
      const id =
        open[next(4) > 0 ? open.length - 1 - next(Math.min(8, open.length)) : next(open.length)] ?? 1;
      table.delete(id);
      model.delete(id);
      if (table.of(id) !== undefined) t.fail(`stream ${id} is still there`);
    }
    if (table.size !== model.size) t.equal(table.size, model.size);
    const some = open[next(open.length || 1)];
    if (some !== undefined && table.of(some) !== model.get(some)) t.fail(`stream ${some} at step ${step}`);
  }
  t.same(
    table.all().map(({ id }) => id),
    [...model.keys()],
    'in order of their ids',
  );
  table.delete(2 ** 31 - 1);
  t.equal(table.size, model.size, 'one that is not there is left alone');
  t.throws(() => table.of(2), { message: 'the upstream used stream 2, which was never opened' });
  t.throws(() => table.of(2 ** 31 - 1), /never opened/);
  t.end();
});

t.test('a line serves in the order of arrival, and forgets who has left', (t) => {
  const next = numbers();
  const line = new SendLine();
  let model: ClientStream[] = [];
  for (let step = 0; step < 20_000; step += 1) {
    const dice = next(10);
    if (dice < 5) {
      const stream = streamOf(step);
      line.add(stream);
      line.add(stream);
      model.push(stream);
    } else if (dice < 8) {
      const gone = model[next(model.length || 1)];
      if (gone === undefined) continue;
      line.delete(gone);
      line.delete(gone);
      model = model.filter((stream) => stream !== gone);
    } else if (line.shift() !== model.shift()) t.fail(`step ${step}`);
    if (line.size !== model.length) t.equal(line.size, model.length);
    // Now and then it runs empty.
    if (step % 500 === 0) while (model.length > 0) if (line.shift() !== model.shift()) t.fail(`step ${step}`);
  }
  t.equal(line.size, model.length);
  t.end();
});
