import t from 'tap';
import { openFarSide } from '../../../support/far-client.js';
import { bytes, method, openForeign } from '../../../support/foreign.js';
import { until } from '../../../support/http.js';
import { quiet } from '../../../support/quiet.js';

// A client whose host is gone: no FIN, no reset, no acknowledgement. On one host nothing looks like that, so it needs a network.

const HEARTBEAT_MS = 300;
/** A WebSocket's is answered by the client's own process, which a busy machine may keep waiting; the others' by the kernel. */
const SOCKET_HEARTBEAT_MS = 2_000;

/** Programs that open a call, say so when the first message is there, and go on as they like. */
const CLIENTS = {
  SSE: (url: string) => httpClient(url + method('Down'), 'text/event-stream'),
  NDJSON: (url: string) => httpClient(url + method('Down'), 'application/x-ndjson'),
  download: (url: string) => httpClient(`${url}/foreign/files/x`, '*/*'),
  WebSocket: (url: string) => `
    const socket = new (require('ws'))(${JSON.stringify(url.replace('http', 'ws') + method('Down'))});
    socket.onopen = () => socket.send('{}');
    socket.onmessage = () => console.log('first');`,
} as const;

function httpClient(url: string, accept: string): string {
  return `require('http').get(${JSON.stringify(url)}, { headers: { accept: ${JSON.stringify(accept)} } }, (response) =>
    response.once('data', () => console.log('first')).resume());`;
}

for (const [surface, program] of Object.entries(CLIENTS)) {
  t.test(`a client that has vanished while messages trickle to it is gone: ${surface}`, async (t) => {
    const heartbeatMs = surface === 'WebSocket' ? SOCKET_HEARTBEAT_MS : HEARTBEAT_MS;
    const far = openFarSide(t);
    if (far === undefined)
      return t.pass('skipped: it needs Linux, iproute2 and the rights to make a network');
    let next: () => void = () => {};
    const item = await bytes({ text: 'x' });
    const piece = await bytes({ content: 'eA==' }, 'Piece');
    const wait = new Promise<void>((resolve) => {
      next = resolve;
    });
    const { url, upstream, gateway } = await openForeign(
      t,
      {
        Down: [{ in: 'end' }, { out: item }, { wait }, { out: item }, { wait: new Promise(() => {}) }],
        Fetch: [{ in: 'end' }, { out: piece }, { wait }, { out: piece }, { wait: new Promise(() => {}) }],
      },
      { listen: `${far.host}:0`, limits: { heartbeatMs } },
    );
    await far.start(program(url));
    const call = await upstream.call(method(surface === 'download' ? 'Fetch' : 'Down'));
    await quiet(4 * heartbeatMs);
    t.equal(gateway.openExchanges, 1, 'a quiet stream is none that has vanished');
    far.vanish();
    next();
    await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
    await call.over;
    t.ok(call.cancelled);
  });
}
