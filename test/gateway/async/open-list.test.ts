import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { IdTable, type Listed, OpenList } from '../../../gateway/async/index.js';

class Call implements Listed {
  listedAt = -1;
  /** About 4 KiB, which go with it. */
  readonly held = new Array(512).fill(this);
  readonly name: string;
  readonly id: number;

  constructor(name = '', id = 0) {
    this.name = name;
    this.id = id;
  }
}

t.test('what is added is in it once, until it is taken out', (t) => {
  const list = new OpenList<Call>();
  const calls = ['a', 'b', 'c', 'd'].map((name) => new Call(name));
  const names = () =>
    list
      .all()
      .map(({ name }) => name)
      .sort()
      .join('');
  for (const call of calls) list.add(call);
  for (const call of calls) list.add(call);
  t.equal(names(), 'abcd');
  for (const [at, left] of [
    [1, 'acd'],
    [3, 'ac'],
    [3, 'ac'],
    [0, 'c'],
    [2, ''],
  ] as const) {
    list.delete(calls[at] as Call);
    t.equal(names(), left);
    t.equal(list.size, left.length);
  }
  list.add(calls[1] as Call);
  t.equal(names(), 'b', 'it may come again');
  t.end();
});

t.test('it may be changed while it is walked', (t) => {
  const list = new OpenList<Call>();
  for (const name of ['a', 'b', 'c']) list.add(new Call(name));
  let walked = 0;
  for (const call of list.all()) {
    walked += 1;
    list.delete(call);
    list.add(new Call('new'));
  }
  t.equal(walked, 3);
  t.equal(list.size, 3);
  t.end();
});

t.test('what has left an old list or table is gone with the next small collection', (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void;
  const grownMiB = (add: (call: Call) => void, remove: (call: Call) => void): number => {
    const open: Call[] = [];
    let id = 0;
    const turnOver = (count: number) => {
      for (let at = 0; at < count; at += 1) {
        const call = new Call('', id);
        id += 1;
        add(call);
        const place = at % 32;
        const before = open[place];
        if (before !== undefined) remove(before);
        open[place] = call;
      }
    };
    turnOver(1_000);
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let turn = 0; turn < 20; turn += 1) {
      turnOver(500);
      collect({ type: 'minor' });
    }
    return (process.memoryUsage().heapUsed - before) / 2 ** 20;
  };
  const list = new OpenList<Call>();
  const table = new IdTable<Call>();
  const grown = {
    list: grownMiB(
      (call) => list.add(call),
      (call) => list.delete(call),
    ),
    table: grownMiB(
      (call) => table.add(call),
      (call) => table.delete(call.id),
    ),
  };
  // 40 MiB have been through it. In a Set or Map nearly all of them stay.
  for (const [name, mib] of Object.entries(grown)) t.ok(mib < 8, `${name}: ${mib} MiB`);
  t.end();
});
