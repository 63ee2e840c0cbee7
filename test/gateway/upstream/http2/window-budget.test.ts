import fc from 'fast-check';
import t from 'tap';
import {
  leastWindowBytes,
  mostWindowBytes,
  type Window,
  WindowBudget,
} from '../../../../gateway/upstream/http2/window-budget.js';

class FakeWindow implements Window {
  bytes = leastWindowBytes;
  calls = 0;
  stalled = 0;
  isResizing = false;
  resize(bytes: number): void {
    this.bytes = bytes;
  }
}

function openBudget(bytes: number, count: number): { budget: WindowBudget; windows: FakeWindow[] } {
  const budget = new WindowBudget(bytes);
  const windows = Array.from({ length: count }, () => new FakeWindow());
  for (const window of windows) budget.add(window);
  return { budget, windows };
}

t.test('a connection that moves doubles up to the most, one with a stalled call does not', async (t) => {
  const { budget, windows } = openBudget(1024 * mostWindowBytes, 2);
  const [moving, stalled] = windows as [FakeWindow, FakeWindow];
  moving.calls = 10;
  stalled.calls = 10;
  stalled.stalled = 1;
  for (let n = 0; n < 10; n++) {
    budget.grow(moving);
    budget.grow(stalled);
  }
  t.equal(moving.bytes, mostWindowBytes);
  t.equal(stalled.bytes, leastWindowBytes);
});

t.test('what the peer has not agreed to is not changed again', async (t) => {
  const { budget, windows } = openBudget(1024 * mostWindowBytes, 1);
  const [window] = windows as [FakeWindow];
  window.calls = 1;
  budget.grow(window);
  window.isResizing = true;
  budget.grow(window);
  t.equal(window.bytes, 2 * leastWindowBytes);
});

t.test('the sum of all windows stays within the budget, or every window is at its least', async () => {
  const act = fc.record({ which: fc.nat(4), what: fc.constantFrom('call', 'end', 'move', 'stall', 'go on') });
  fc.assert(
    fc.property(fc.nat(200), fc.array(act, { maxLength: 300 }), (leasts, acts) => {
      const { budget, windows } = openBudget(leasts * leastWindowBytes, 5);
      for (const { which, what } of acts) {
        const window = windows[which] as FakeWindow;
        if (what === 'call') {
          window.calls++;
          budget.fit();
        } else if (what === 'end' && window.calls > 0) window.calls--;
        else if (what === 'move') budget.grow(window);
        else if (what === 'stall') window.stalled = 1;
        else if (what === 'go on') window.stalled = 0;
        const within = budget.promisedBytes <= leasts * leastWindowBytes;
        const least = windows.every((one) => one.bytes === leastWindowBytes || one.calls === 0);
        if (!within && !least) return false;
        if (windows.some((one) => one.bytes < leastWindowBytes || one.bytes > mostWindowBytes)) return false;
      }
      return true;
    }),
  );
});
