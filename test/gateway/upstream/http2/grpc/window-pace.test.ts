import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { WindowPace } from '../../../../../gateway/upstream/http2/grpc/window-pace.js';
import { type ClientStream, WindowBudget } from '../../../../../gateway/upstream/http2/h2/index.js';
import { MAX_WINDOW_BYTES } from '../../../../../gateway/upstream/http2/h2/window-budget.js';
import { until } from '../../contract/subject.js';

const FIRST_BYTES = 32 * 1024;

/** A stream to a service that is so far away, and whose reader takes all at once. */
function open(roundTripMs: number) {
  const stream = {
    roundTripMs,
    windowBytes: FIRST_BYTES,
    isOpened: false,
    resizeWindow(bytes: number) {
      stream.windowBytes = bytes;
    },
  };
  const pace = new WindowPace(new WindowBudget(64 * MAX_WINDOW_BYTES, FIRST_BYTES));
  const move = () => {
    pace.received(stream.windowBytes);
    pace.keepsUp(stream as unknown as ClientStream);
  };
  return { stream, move };
}

t.test(
  'where the service is near a window that moves is twice as wide as at first, and no more',
  async (t) => {
    const { stream, move } = open(0);
    for (let n = 0; n < 1_000; n += 1) {
      move();
      await turn();
    }
    t.equal(stream.windowBytes, 2 * FIRST_BYTES);
  },
);

t.test('where the service is far it grows to the most, while the process has time', async (t) => {
  const { stream, move } = open(60_000);
  await until(() => {
    move();
    return stream.windowBytes === MAX_WINDOW_BYTES;
  });
  t.equal(stream.windowBytes, MAX_WINDOW_BYTES);
});
