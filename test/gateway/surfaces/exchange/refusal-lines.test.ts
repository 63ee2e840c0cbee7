import t from 'tap';
import { RefusalLines } from '../../../../gateway/surfaces/index.js';

/** Times of our own, after all that buckets can have begun at. */
const NOW = performance.now() + 1_000_000;
const LATER = NOW + 1_000;

/** How many of so many refusals at one moment have a line. */
function logged(lines: RefusalLines, reason: Parameters<RefusalLines['take']>[0]['reason'], now: number) {
  return Array.from({ length: 5_000 }, () => lines.take({ reason }, now)).filter((unlogged) => unlogged >= 0);
}

t.test('refusals of limits share 100 lines at once and 10 a second', (t) => {
  const lines = new RefusalLines();
  t.equal(logged(lines, 'RATE_LIMIT', NOW).length, 100);
  t.equal(logged(lines, 'ADDRESS_LIMIT', NOW).length, 0);
  const later = logged(lines, 'GATEWAY_LIMIT', LATER);
  t.equal(later.length, 10);
  t.strictSame([later[0], later[1]], [9_900, 0], 'the next line tells of those that had none');
  t.end();
});

t.test('every other reason has 1,000 lines at once and 100 a second of its own', (t) => {
  const lines = new RefusalLines();
  t.equal(logged(lines, 'HOST_NOT_SERVED', NOW).length, 1_000);
  t.equal(logged(lines, 'CREDENTIAL_INVALID', NOW).length, 1_000, 'a flood of one reason hides no other');
  const later = logged(lines, 'HOST_NOT_SERVED', LATER);
  t.equal(later.length, 100);
  t.equal(later[0], 4_000);
  t.equal(logged(lines, 'RATE_LIMIT', LATER).length, 100);
  t.end();
});
