import fc from 'fast-check';
import t from 'tap';
import { CallWindow } from '../../../../gateway/surfaces/session/call-window.js';

const BUDGET = 256 * 1024;

t.test('a method that takes one message is granted one, and never more', async (t) => {
  const window = new CallWindow(false);
  t.equal(window.granted, 1);
  t.ok(window.take(10));
  t.notOk(window.take(10));
  t.equal(window.consume(1), 0);
  t.notOk(window.take(10));
});

t.test('small messages earn more credit, large ones less, down to one', async (t) => {
  const after200 = (bytes: number) => {
    const window = new CallWindow(true);
    if (window.granted !== 16) t.fail('sixteen at first');
    for (let round = 0; round < 200; round += 1) {
      if (!window.take(bytes)) t.fail('no credit');
      window.consume(1);
    }
    return window.granted;
  };
  t.ok(after200(100) > 32);
  t.ok(after200(64 * 1024) <= 4);
  t.equal(after200(4 * 1024 * 1024), 1);
});

t.test('grants are few: only when at least half has been consumed', async (t) => {
  const window = new CallWindow(true);
  let grants = 0;
  for (let index = 0; index < 6_400; index += 1) {
    if (!window.take(1_000)) t.fail('no credit');
    if (window.consume(1) > 0) grants += 1;
  }
  t.ok(grants < 6_400 / 25, `${grants} grants`);
});

t.test('a client always gets on, within the budget of messages like the last', async () => {
  const step = fc.record({ bytes: fc.nat({ max: 600_000 }), takes: fc.nat({ max: 80 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const window = new CallWindow(true);
      for (const { bytes, takes } of steps) {
        let held = 0;
        while (held < takes && window.take(bytes)) held += 1;
        const before = window.granted;
        const more = window.consume(held);
        if (window.granted !== before + more) throw new Error('a grant that nobody was told');
        if (window.granted === 0) throw new Error('nothing is held, and no credit');
        if (window.granted > 64) throw new Error(`${window.granted} granted`);
        if (more > 0 && held > 0 && window.granted > Math.max(1, BUDGET / bytes)) {
          throw new Error(`${window.granted} after ${held} of ${bytes} bytes`);
        }
      }
    }),
  );
});
