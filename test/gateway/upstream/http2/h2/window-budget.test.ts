import fc from 'fast-check';
import t from 'tap';
import {
  MAX_WINDOW_BYTES,
  type StreamWindow,
  WindowBudget,
} from '../../../../../gateway/upstream/http2/h2/window-budget.js';

const MIN_WINDOW_BYTES = 64 * 1024;

class FakeWindow implements StreamWindow {
  windowBytes = MIN_WINDOW_BYTES;
  isOpened = false;
  resizeWindow(bytes: number): void {
    this.windowBytes = bytes;
  }
}

t.test('a window that moves doubles up to the most, one that does not stays', async (t) => {
  const budget = new WindowBudget(1024 * MAX_WINDOW_BYTES, MIN_WINDOW_BYTES);
  const [moving, stalled] = [new FakeWindow(), new FakeWindow()];
  for (let n = 0; n < 10; n++) budget.grow(moving);
  t.equal(moving.windowBytes, MAX_WINDOW_BYTES);
  t.equal(stalled.windowBytes, MIN_WINDOW_BYTES);
});

t.test('of those that move some get twice as much as at first, and keep it until they end', async (t) => {
  const budget = new WindowBudget(64 * MIN_WINDOW_BYTES, MIN_WINDOW_BYTES);
  const windows = Array.from({ length: 10 }, () => new FakeWindow());
  for (const window of windows) for (let n = 0; n < 3; n++) budget.open(window);
  const opened = windows.filter((window) => window.windowBytes === 2 * MIN_WINDOW_BYTES);
  t.equal(opened.length, 4, 'a sixteenth of the budget');
  t.equal(budget.lentBytes, 4 * MIN_WINDOW_BYTES);
  const [first, last] = [opened[0] as FakeWindow, windows.at(-1) as FakeWindow];
  budget.grow(first);
  budget.reset(first);
  t.equal(first.windowBytes, 2 * MIN_WINDOW_BYTES, 'one that stalls keeps it');
  budget.open(last);
  t.equal(last.windowBytes, MIN_WINDOW_BYTES);
  budget.delete(first);
  budget.open(last);
  t.equal(last.windowBytes, 2 * MIN_WINDOW_BYTES, 'one that has ended gives it on');
});

t.test('a newcomer takes its part from the widest', async (t) => {
  const budget = new WindowBudget(MAX_WINDOW_BYTES, MIN_WINDOW_BYTES);
  const windows = Array.from({ length: 4 }, () => new FakeWindow());
  for (let n = 0; n < 100; n++) for (const window of windows) budget.grow(window);
  const bytes = windows.map((window) => window.windowBytes);
  t.ok(Math.max(...bytes) <= 4 * Math.min(...bytes), `${bytes}`);
  t.ok(Math.min(...bytes) > MIN_WINDOW_BYTES);
});

t.test('what is lent is what windows have, and within the budget', async () => {
  const act = fc.record({
    which: fc.nat(4),
    what: fc.constantFrom('open', 'move', 'move', 'move', 'stall', 'end'),
  });
  fc.assert(
    fc.property(fc.nat(64), fc.array(act, { maxLength: 300 }), (leasts, acts) => {
      const budget = new WindowBudget(leasts * MIN_WINDOW_BYTES, MIN_WINDOW_BYTES);
      const windows = Array.from({ length: 5 }, () => new FakeWindow());
      for (const { which, what } of acts) {
        if (what === 'open') budget.open(windows[which] as FakeWindow);
        else if (what === 'move') budget.grow(windows[which] as FakeWindow);
        else if (what === 'stall') budget.reset(windows[which] as FakeWindow);
        else {
          budget.delete(windows[which] as FakeWindow);
          windows[which] = new FakeWindow();
        }
        const sum = windows.reduce((bytes, one) => bytes + one.windowBytes - MIN_WINDOW_BYTES, 0);
        if (sum !== budget.lentBytes || sum > leasts * MIN_WINDOW_BYTES) return false;
        if (windows.some((one) => one.windowBytes < MIN_WINDOW_BYTES || one.windowBytes > MAX_WINDOW_BYTES))
          return false;
      }
      return true;
    }),
  );
});
