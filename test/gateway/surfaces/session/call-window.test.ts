import fc from 'fast-check';
import t from 'tap';
import { CallWindow } from '../../../../gateway/surfaces/session/call-window.js';

const BUDGET = 256 * 1024;

t.test('a method that takes one message is granted one, and never more', async (t) => {
  const window = new CallWindow(false, false);
  t.equal(window.granted, 1);
  t.ok(window.take(10));
  t.notOk(window.take(10));
  t.equal(window.consume(1, 10), undefined);
  t.notOk(window.take(10));
});

t.test('small messages earn more credit, large ones less, down to one', async (t) => {
  const after200 = (bytes: number) => {
    const window = new CallWindow(true, false);
    if (window.granted !== 16) t.fail('sixteen at first');
    for (let round = 0; round < 200; round += 1) {
      if (!window.take(bytes)) t.fail('no credit');
      window.consume(1, bytes);
    }
    return window.granted;
  };
  t.ok(after200(100) > 32);
  t.ok(after200(64 * 1024) <= 4);
  t.equal(after200(4 * 1024 * 1024), 1);
});

t.test('grants are few: only when at least half has been consumed', async (t) => {
  const window = new CallWindow(true, false);
  let grants = 0;
  for (let index = 0; index < 6_400; index += 1) {
    if (!window.take(1_000)) t.fail('no credit');
    if (window.consume(1, 1_000) !== undefined) grants += 1;
  }
  t.ok(grants < 6_400 / 25, `${grants} grants`);
});

t.test('a client always gets on, within the budget of messages like the last', async () => {
  const step = fc.record({ bytes: fc.nat({ max: 600_000 }), takes: fc.nat({ max: 80 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const window = new CallWindow(true, false);
      for (const { bytes, takes } of steps) {
        let held = 0;
        while (held < takes && window.take(bytes)) held += 1;
        const before = window.granted;
        const more = window.consume(held, held * bytes)?.messages ?? 0;
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

t.test(
  'a client that counts bytes holds at most the budget and one message, and always gets on',
  async () => {
    const step = fc.record({
      bytes: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 600_000 })),
      takes: fc.nat({ max: 80 }),
      consumes: fc.nat({ max: 80 }),
    });
    fc.assert(
      fc.property(fc.boolean(), fc.array(step, { maxLength: 60 }), (stream, steps) => {
        const window = new CallWindow(stream, true);
        let credit = window.granted;
        let creditBytes = window.grantedBytes ?? Number.NaN;
        const held: number[] = [];
        const consume = (count: number) => {
          const taken = held.splice(0, count);
          const grant = window.consume(
            taken.length,
            taken.reduce((sum, bytes) => sum + bytes, 0),
          );
          if (grant === undefined) return;
          if (grant.messages === 0 && grant.bytes === 0) throw new Error('a grant of nothing');
          credit += grant.messages;
          creditBytes += grant.bytes;
        };
        for (const { bytes, takes, consumes } of steps) {
          for (let count = 0; count < takes && credit > 0 && creditBytes > 0; count += 1) {
            if (!window.take(bytes)) throw new Error('no credit');
            credit -= 1;
            creditBytes -= bytes;
            held.push(bytes);
          }
          const before = held.slice(0, -1).reduce((sum, one) => sum + one, 0);
          if (before >= BUDGET) throw new Error(`${before} held before the last`);
          if (window.granted !== credit || window.grantedBytes !== creditBytes) throw new Error('they drift');
          consume(consumes);
        }
        consume(held.length);
        if (stream && (credit <= 0 || creditBytes <= 0)) throw new Error('nothing is held, and no credit');
        if (creditBytes > BUDGET) throw new Error(`${creditBytes} granted`);
      }),
    );
  },
);
