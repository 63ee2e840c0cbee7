// `idle.mjs PORT KIND COUNT`: opens so many SSE streams (`stream`) or sessions (`session`) and leaves them alone, but for the pings of sessions,
// which it answers. Prints `{"open":COUNT}` when all stand, and from then on `{"heartbeats":N}` each second: how many have come.
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { SERVICE } from '../samples.mjs';
import { clientFrame, createFrameReader, OPCODE } from './websocket.mjs';

const [port, kind, count] = [Number(process.argv[2]), process.argv[3], Number(process.argv[4])];
/** At once: a listener's queue is 511 long. */
const OPENING = 100;
let heartbeats = 0;

const HEADS = {
  stream: () =>
    `GET /${SERVICE}/GetStockPrices?symbols=AAPL HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n`,
  session: () =>
    `GET /_sluice/session HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Protocol: sluice.v1.json\r\n\r\n`,
};
/** What the head of the answer begins with. */
const ANSWERS = { stream: 'HTTP/1.1 200', session: 'HTTP/1.1 101' };

function fail(why) {
  process.stderr.write(`an idle ${kind} ${why}\n`);
  process.exit(1);
}

async function openOne() {
  const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
  socket.on('error', (reason) => fail(`broke: ${reason.message}`));
  socket.on('close', () => fail('was closed'));
  socket.write(HEADS[kind]());
  const onFrame = createFrameReader((opcode, payload) => {
    if (opcode !== OPCODE.ping) return;
    heartbeats += 1;
    socket.write(clientFrame(payload, 'pong'));
  }, true);
  await new Promise((resolve) => {
    let head = '';
    const onHead = (bytes) => {
      head += bytes.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      if (!head.startsWith(ANSWERS[kind])) fail(`was refused: ${head}`);
      socket.off('data', onHead);
      socket.on('data', (more) => {
        if (kind === 'session') onFrame(more);
        else if (more.includes('heartbeat')) heartbeats += 1;
      });
      resolve();
    };
    socket.on('data', onHead);
  });
  if (kind === 'session') socket.write(clientFrame(Buffer.from('{"ping":{}}'), 'text'));
}

for (let open = 0; open < count; open += OPENING) {
  await Promise.all(Array.from({ length: Math.min(OPENING, count - open) }, openOne));
}
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
say({ open: count });
setInterval(() => say({ heartbeats }), 1_000);
