import t from 'tap';
import { departsInMs, departureOf, moveMs } from '../../../../gateway/surfaces/exchange/departure.js';
import type { Surface } from '../../../../gateway/surfaces/exchange/index.js';

const STREAM = { finite: false, hasIds: true } as Surface;
const method = (more: object) =>
  ({ requestStream: false, responseStream: true, resume: undefined, recording: undefined, ...more }) as never;
const cursors = { resume: {} };
const recorded = { recording: {} };

t.test('a stream moves where its client can say where it was, and another gateway knows the place', (t) => {
  t.equal(departureOf(STREAM, method({ responseStream: false }), true), 'finishes');
  t.equal(departureOf({ ...STREAM, finite: true }, method(cursors), true), 'finishes');
  t.equal(departureOf(STREAM, method({}), true), 'lasts');
  t.equal(departureOf(STREAM, method(cursors), false), 'moves');
  t.equal(departureOf(STREAM, method(recorded), true), 'moves');
  t.equal(departureOf(STREAM, method(recorded), false), 'lasts', 'no other gateway has it');
  const plain = { ...STREAM, hasIds: false };
  t.equal(departureOf(plain, method(recorded), true), 'lasts', 'nothing in it says where its client was');
  t.equal(departureOf(plain, method({ ...recorded, ...cursors }), false), 'moves');
  t.equal(departureOf(STREAM, method({ ...recorded, requestStream: true }), true), 'lasts');
  t.end();
});

t.test('departures are spread, and within the grace', (t) => {
  t.equal(moveMs(8_000), 4_000);
  t.equal(moveMs(60_000), 10_000);
  t.equal(departsInMs('moves', 60_000, 0), 0);
  t.equal(departsInMs('moves', 60_000, 0.5), 5_000);
  t.equal(Math.round(departsInMs('lasts', 60_000, 0)), 42_000);
  t.equal(Math.round(departsInMs('lasts', 60_000, 1)), 54_000);
  t.equal(departsInMs('lasts', 0, 0.5), 0);
  t.end();
});
