import t from 'tap';
import { AccessLines } from '../../../gateway/server/access-lines.js';

const NOW = performance.now() + 1_000;

const address = (n: number) => `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;

t.test('one address has so many lines, and hides no other', async (t) => {
  const lines = new AccessLines();
  const taken = Array.from({ length: 10_000 }, () => lines.take('CREDENTIAL_INVALID', address(1), NOW));
  t.equal(taken.filter((untold) => untold >= 0).length, 200);
  t.equal(
    lines.take('CREDENTIAL_INVALID', address(2), NOW),
    9_800,
    'another one is told of, and says how many were not',
  );
  t.equal(lines.take('CREDENTIAL_INVALID', address(2), NOW), 0);
  t.equal(lines.take('CREDENTIAL_INVALID', address(1), NOW + 50), 0, 'there are 20 a second');
});

t.test('the addresses of one network count as one', async (t) => {
  const lines = new AccessLines();
  const taken = Array.from({ length: 1_000 }, (_, n) =>
    lines.take('CREDENTIAL_INVALID', `2001:db8::${n}`, NOW),
  );
  t.equal(taken.filter((untold) => untold >= 0).length, 200);
});

t.test('many addresses have so many lines of a reason, and hide no other reason', async (t) => {
  const lines = new AccessLines();
  const taken = Array.from({ length: 100_000 }, (_, n) => lines.take('CREDENTIAL_INVALID', address(n), NOW));
  t.equal(taken.filter((untold) => untold >= 0).length, 1_000);
  t.equal(lines.take('ACCESS_DENIED', address(200_000), NOW), 0);
});

t.test('every refusal is told once: by its line, by a later one, or by what is left', async (t) => {
  const lines = new AccessLines();
  const reasons = ['CREDENTIAL_INVALID', 'ACCESS_DENIED', 'CREDENTIAL_NEEDED'] as const;
  let told = 0;
  for (let n = 0; n < 30_000; n += 1) {
    const reason = reasons[n % 3] as (typeof reasons)[number];
    const untold = lines.take(reason, address(n % 70), NOW + n);
    if (untold >= 0) told += untold + 1;
    if (n % 9_000 === 0) for (const [, count] of lines.tell()) told += count;
  }
  for (const [, count] of lines.tell()) told += count;
  t.equal(told, 30_000);
  t.same([...lines.tell()], []);
});
