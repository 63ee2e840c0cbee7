import fc from 'fast-check';
import t from 'tap';
import {
  leastWindowBytes,
  mostWindowBytes,
  type Window,
  WindowBudget,
} from '../../../../gateway/upstream/http2/window-budget.js';

class FakeWindow implements Window {
  windowBytes = leastWindowBytes;
  resizeWindow(bytes: number): void {
    this.windowBytes = bytes;
  }
}

t.test('a window that moves doubles up to the most, one that does not stays', async (t) => {
  const budget = new WindowBudget(1024 * mostWindowBytes);
  const [moving, stalled] = [new FakeWindow(), new FakeWindow()];
  for (let n = 0; n < 10; n++) budget.grow(moving);
  t.equal(moving.windowBytes, mostWindowBytes);
  t.equal(stalled.windowBytes, leastWindowBytes);
});

t.test('a newcomer takes its part from the widest', async (t) => {
  const budget = new WindowBudget(mostWindowBytes);
  const windows = Array.from({ length: 4 }, () => new FakeWindow());
  for (let n = 0; n < 100; n++) for (const window of windows) budget.grow(window);
  const bytes = windows.map((window) => window.windowBytes);
  t.ok(Math.max(...bytes) <= 4 * Math.min(...bytes), `${bytes}`);
  t.ok(Math.min(...bytes) > leastWindowBytes);
});

t.test('what is lent is what windows have, and within the budget', async () => {
  const act = fc.record({ which: fc.nat(4), what: fc.constantFrom('move', 'move', 'move', 'end') });
  fc.assert(
    fc.property(fc.nat(64), fc.array(act, { maxLength: 300 }), (leasts, acts) => {
      const budget = new WindowBudget(leasts * leastWindowBytes);
      const windows = Array.from({ length: 5 }, () => new FakeWindow());
      for (const { which, what } of acts) {
        if (what === 'move') budget.grow(windows[which] as FakeWindow);
        else {
          budget.delete(windows[which] as FakeWindow);
          windows[which] = new FakeWindow();
        }
        const sum = windows.reduce((bytes, one) => bytes + one.windowBytes - leastWindowBytes, 0);
        if (sum !== budget.lentBytes || sum > leasts * leastWindowBytes) return false;
        if (windows.some((one) => one.windowBytes < leastWindowBytes || one.windowBytes > mostWindowBytes))
          return false;
      }
      return true;
    }),
  );
});
