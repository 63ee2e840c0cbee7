import t from 'tap';
import { departureMs, departureOf, stayMs } from '../../../../gateway/surfaces/exchange/departure.js';
import { ExchangeHandle } from '../../../../gateway/surfaces/exchange/exchange-handle.js';
import { type Surface, spread } from '../../../../gateway/surfaces/exchange/index.js';
import { stopClock } from '../../../support/clock.js';

const STREAM = { finite: false, hasIds: true } as Surface;
const method = (more: object) =>
  ({ requestStream: false, responseStream: true, resume: undefined, recording: undefined, ...more }) as never;
const cursors = { resume: {} };
const recorded = { recording: {} };

t.test('a stream moves where its client can say where it was, and another gateway knows the place', (t) => {
  t.equal(departureOf(STREAM, method({ responseStream: false }), true), 'finishes');
  t.equal(departureOf({ ...STREAM, finite: true }, method(cursors), true), 'finishes');
  t.equal(departureOf(STREAM, method({}), true), 'ends');
  t.equal(departureOf(STREAM, method(cursors), false), 'moves');
  t.equal(departureOf(STREAM, method(recorded), true), 'moves');
  t.equal(departureOf(STREAM, method(recorded), false), 'ends', 'no other gateway has it');
  const plain = { ...STREAM, hasIds: false };
  t.equal(departureOf(plain, method(recorded), true), 'ends', 'nothing in it says where its client was');
  t.equal(departureOf(plain, method({ ...recorded, ...cursors }), false), 'moves');
  t.equal(departureOf(STREAM, method({ ...recorded, requestStream: true }), true), 'ends');
  t.end();
});

t.test('nobody waits long for endless streams', (t) => {
  t.equal(departureMs('moves', 10_000), 2_000);
  t.equal(departureMs('ends', 10_000), 1_000);
  t.equal(departureMs('moves', 2_000), 500, 'a short grace');
  t.equal(stayMs(10_000), 3_000, 'calls of a session have a second at least to move in');
  t.ok(stayMs(1_000) > departureMs('moves', 1_000));
  t.end();
});

const STEP_MS = 100;
/** How many of these times are in each step of 100 milliseconds. */
function steps(times: readonly number[]): number[] {
  const counts: number[] = [];
  for (const time of times) {
    const step = Math.floor(time / STEP_MS);
    counts[step] = (counts[step] ?? 0) + 1;
  }
  return Array.from(counts, (count) => count ?? 0);
}

t.test('a thousand streams leave one by one, and their clients come back so', (t) => {
  const clock = stopClock(t);
  const begun = performance.now();
  const ends: number[] = [];
  const nothing = () => {};
  const limits = { addExchange: nothing, removeExchange: nothing, addCall: nothing, removeCall: nothing };
  for (let n = 0; n < 1_000; n += 1) {
    const none = {} as never;
    const exchange = new ExchangeHandle('moves', none, none, none, limits as never, nothing);
    exchange.beginCall();
    exchange.signal.addEventListener('abort', () => ends.push(performance.now() - begun));
    exchange.leave(10_000);
  }
  t.same(ends, [], 'none at once');
  clock.pass(departureMs('moves', 10_000) + STEP_MS);
  t.equal(ends.length, 1_000);
  // 50 in each step, give or take 7: no chance goes as far as these.
  const left = steps(ends).slice(0, 20);
  t.ok(Math.max(...left) < 120 && Math.min(...left) > 10, `leave in each 100 ms: ${left}`);
  const back = steps(ends.map((end) => end + spread(2_000)));
  t.ok(Math.max(...back) < 110, `come back in each 100 ms: ${back}`);
  t.end();
});
