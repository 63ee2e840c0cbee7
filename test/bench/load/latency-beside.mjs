// A small call on a session that carries a saturating stream as well, against the same call while that stream stands still: in
// every other turn the client grants it no credit. No gateway is left out here; both ways lead through it.
import { SERVICE } from '../samples.mjs';
import { nowMs, sliceAt } from '../slices.mjs';
import { GATEWAY, halfOfMost, runOpenLoop, saturate } from './latency.mjs';
import { clientFrame, createFrameReader, OPCODE, openUpgraded } from './websocket.mjs';

/** Messages on their way to a page that keeps up. About 100 KiB, so that what waits for a reader is bounded by the reader. */
const CREDIT = 1_024;
/** A session may have 100 calls open, of which the end has not gone. Who has to wait is late. */
const MOST_CALLS = 64;
const POLL_MS = 5;
const FIREHOSE = 1;

export async function latencyBeside(config) {
  let socket;
  const calls = new Map();
  const waiting = [];
  let nextId = FIREHOSE + 1;
  let received = 0;
  let granted = CREDIT;
  let fail;
  const failed = new Promise((_resolve, reject) => {
    fail = (why) => reject(new Error(`the session ${why}`));
  });
  const sendFrames = (...frames) =>
    socket.write(
      Buffer.concat(frames.map((frame) => clientFrame(Buffer.from(JSON.stringify(frame)), 'text'))),
    );
  const open = (id, method, credit, data) =>
    sendFrames({ open: { id, method: `${SERVICE}/${method}`, credit } }, { message: { id, data } });

  function grant() {
    const wanted = received + CREDIT - granted;
    if (wanted < CREDIT / 2 || sliceAt(nowMs()).way !== GATEWAY) return;
    granted += wanted;
    sendFrames({ credit: { id: FIREHOSE, messages: wanted } });
  }

  const start = `{"message":{"id":${FIREHOSE},`;
  const isFirehose = (payload) => payload.latin1Slice(0, start.length) === start;
  const read = createFrameReader((opcode, payload) => {
    if (opcode === OPCODE.close) fail(`was closed: ${payload.subarray(2)}`);
    else if (opcode === OPCODE.ping) socket.write(clientFrame(payload, 'pong'));
    else if (isFirehose(payload)) received += 1;
    else onFrame(JSON.parse(payload.toString()));
  }, true);

  function onFrame({ end }) {
    if (end === undefined) return;
    const done = calls.get(end.id);
    calls.delete(end.id);
    if (done === undefined || end.status.code !== 0) fail(`had a call that ended: ${JSON.stringify(end)}`);
    else done();
    if (waiting.length > 0) call(waiting.shift());
  }

  socket = await openUpgraded({
    port: config.port,
    path: '/_sluice/session',
    protocol: 'sluice.v1.json',
    onBytes(bytes) {
      read(bytes);
      grant();
    },
    fail,
  });
  open(FIREHOSE, 'GetStockPrices', CREDIT, { symbols: ['AAPL'], intervalSeconds: config.messages });
  // A turn may begin while nothing arrives that would be a reason to grant.
  const poll = setInterval(grant, POLL_MS);
  const call = (done) => {
    if (calls.size === MOST_CALLS) {
      waiting.push(done);
      return;
    }
    const id = nextId++;
    calls.set(id, done);
    open(id, 'GetStockQuote', 1, { symbol: 'AAPL' });
  };
  try {
    const half = halfOfMost(config, (ms) => saturate(call, ms));
    const perSecond = await Promise.race([half, failed]);
    const result = await runOpenLoop(config, {
      perSecond,
      ways: [call, call],
      failed,
      share: 1,
    });
    return { ...result, firehosePerSecond: received };
  } finally {
    clearInterval(poll);
  }
}
