import t from 'tap';
import { didYouMean, nearest } from '../../../gateway/options/index.js';

t.test('the candidate that was probably meant is the nearest one', async (t) => {
  const names = ['listen', 'admin-listen', 'upstream', 'max-message-bytes', 'maxPauseMs'];
  const cases: [given: string, meant: string | undefined][] = [
    ['lisen', 'listen'],
    ['listne', 'listen'],
    ['pu', undefined],
    ['adminlisten', 'admin-listen'],
    ['admin_listen', 'admin-listen'],
    ['max-mesage-byte', 'max-message-bytes'],
    ['max_pause_ms', 'maxPauseMs'],
    ['LISTEN', 'listen'],
    ['upstraem', 'upstream'],
    ['colour', undefined],
    ['', undefined],
  ];
  for (const [given, meant] of cases) t.equal(nearest(given, names), meant, given);
  t.equal(nearest('ab', ['ac', 'ab', 'abc']), 'ab', 'the same name is nearer than a similar one');
  t.equal(
    didYouMean('lisen', names, (name) => `--${name}`),
    ', did you mean --listen?',
  );
  t.equal(didYouMean('colour', names), '');
});

/** Letters to add, remove, change, or swap with the next, without any short cut. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i += 1) {
    const before = rows[i - 1] as number[];
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (before[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? (rows[i - 2] as number[])[j - 2] : undefined;
      row.push(Math.min(change, (before[j] as number) + 1, (row[j - 1] as number) + 1, (swap ?? 99) + 1));
    }
    rows.push(row);
  }
  return (rows[a.length] as number[])[b.length] as number;
}

t.test(
  'a name counts as near when a quarter of its letters differ, eight at most, and a swap is one change',
  async (t) => {
    let seed = 1;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    const word = () => Array.from({ length: 1 + random(24) }, () => 'abc'[random(3)]).join('');
    for (let round = 0; round < 3_000; round += 1) {
      const [a, b] = [word(), word()];
      const within = Math.min(8, Math.max(1, Math.floor(a.length / 4)));
      const expected = distance(a, b) <= within ? b : undefined;
      if (nearest(a, [b]) !== expected) t.fail(`${a} ${b}: ${expected ?? 'not near'}`);
    }
  },
);

t.test('long names cost little', async (t) => {
  const long = 'a'.repeat(1_000_000);
  const begun = process.cpuUsage();
  for (let round = 0; round < 1_000; round += 1) nearest(long, [`${'ab'.repeat(100_000)}`]);
  const { user } = process.cpuUsage(begun);
  t.ok(user < 3_000_000, `${user} us`);
});
