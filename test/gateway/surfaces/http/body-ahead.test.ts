import fc from 'fast-check';
import t from 'tap';
import { BodyAhead, MOST_AHEAD_BYTES } from '../../../../gateway/surfaces/http/body-ahead.js';
import { QUEUE_BYTES } from '../../../../gateway/surfaces/http/body-queue.js';

const MIB = 1024 * 1024;

/** A body whose service takes so many bytes in a second, for so long; the queue fills whenever all that may wait has been taken. Returns what may wait then. */
function play(ahead: BodyAhead, bytesPerSecond: number, seconds: number, from = 0): number {
  let now = from;
  for (;;) {
    ahead.filled(now);
    const { bytes } = ahead;
    now += (bytes / bytesPerSecond) * 1_000;
    if (now > from + seconds * 1_000) return bytes;
    ahead.took(bytes);
  }
}

t.test('a body is read ahead by what its service takes in 10 ms, within bounds', async (t) => {
  for (const [speed, expected] of [
    [0.1 * MIB, QUEUE_BYTES],
    [10 * MIB, QUEUE_BYTES],
    [50 * MIB, 512 * 1024],
    [100 * MIB, 1_024 * 1024],
    [2_000 * MIB, MOST_AHEAD_BYTES],
  ] as const) {
    const bytes = play(new BodyAhead(QUEUE_BYTES), speed, 10);
    t.ok(Math.abs(bytes - expected) <= 0.05 * expected, `${speed / MIB} MiB a second: ${bytes} bytes`);
  }
});

t.test(
  'a service that stops at once is not read ahead of further, whatever its window has taken',
  async (t) => {
    const ahead = new BodyAhead(QUEUE_BYTES);
    for (let now = 0; now < 20; now += 0.5) {
      ahead.took(MIB);
      ahead.filled(now);
      t.equal(ahead.bytes, QUEUE_BYTES);
    }
    ahead.filled(20);
    t.equal(ahead.bytes, 2 * QUEUE_BYTES, 'from then on it may become twice as much at each look');
  },
);

t.test('a service that has become slow is read ahead of by little again', async (t) => {
  const ahead = new BodyAhead(QUEUE_BYTES);
  t.equal(play(ahead, 1_000 * MIB, 1), MOST_AHEAD_BYTES);
  t.equal(play(ahead, MIB, 10, 1_000), QUEUE_BYTES);
});

t.test('no speed leads out of the bounds', async () => {
  const step = fc.record({ took: fc.nat(4 * MIB), ms: fc.double({ min: 0, max: 100, noNaN: true }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const ahead = new BodyAhead(QUEUE_BYTES);
      let now = 0;
      for (const { took, ms } of steps) {
        const before = ahead.bytes;
        ahead.took(took);
        now += ms;
        ahead.filled(now);
        if (!(ahead.bytes >= QUEUE_BYTES && ahead.bytes <= Math.min(2 * before, MOST_AHEAD_BYTES)))
          return false;
      }
      return true;
    }),
  );
});
