import t from 'tap';
import { bytesText, stationsOf } from '../../../clients/playground/pressure/stations.js';
import { lookFromEvent } from '../../../clients/playground/pressure/stream-look.js';

const event = (row: object) => JSON.stringify({ open: 1, streams: [row] });
const WAITING = { gatewayBytes: 16_384, socketBytes: 0, windowBytes: 65_536, windowLeftBytes: 0 };

t.test('an event of the gateway becomes a line of places, from the page to the service', (t) => {
  const look = lookFromEvent(
    event({
      sent: { messages: 7, bytes: 9 },
      credit: { messages: -1 },
      waiting: WAITING,
      stalled: { by: 'client', forMs: 5 },
    }),
  );
  t.match(look, { sent: 7, stalled: { by: 'client', forMs: 5 } });
  if (look === undefined) throw new Error('no look');
  t.same(
    stationsOf(look).map(({ name, level }) => [name, level]),
    [
      ['This page', 1],
      ['Socket of the gateway', 0],
      ['Gateway', 0.25],
      ['HTTP/2 window', 1],
      ['Service', 1],
    ],
  );
  t.equal(stationsOf(look).at(-1)?.text, 'its writes have stopped');
  t.end();
});

t.test('what is not known is left out', (t) => {
  t.equal(lookFromEvent('{"open":0,"streams":[]}'), undefined);
  const look = lookFromEvent(event({ waiting: { gatewayBytes: 10 } }));
  t.match(look, { sent: 0, credit: undefined, stalled: undefined });
  if (look === undefined) throw new Error('no look');
  t.same(
    stationsOf(look).map(({ name }) => name),
    ['Gateway'],
  );
  t.end();
});

t.test('bytes are told as people read them', (t) => {
  t.same([0, 1_023, 1_536, 1_572_864].map(bytesText), ['0 bytes', '1023 bytes', '1.5 KiB', '1.5 MiB']);
  t.end();
});
