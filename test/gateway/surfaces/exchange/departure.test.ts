import t from 'tap';
import { departureMs, departureOf, stayMs } from '../../../../gateway/surfaces/exchange/departure.js';
import type { Surface } from '../../../../gateway/surfaces/exchange/index.js';

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
