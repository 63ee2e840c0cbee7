import { type AddressInfo, createServer } from 'node:net';
import t from 'tap';
import { Code } from '../../../../../gateway/status/index.js';
import { openHttp2Transport } from '../../../../../gateway/upstream/index.js';
import { frame } from '../peer.js';
import { frameOf, head, numbers, okTrailers, setting } from './frames.js';
import { ask, openRawPeer } from './raw-peer.js';

const message = frame('m');

t.test('a flood of SETTINGS whose answers the peer does not read ends its connection', async (t) => {
  let isClosed = false;
  const { transport } = await openRawPeer(t, (socket) => {
    socket.on('close', () => {
      isClosed = true;
    });
    socket.pause();
    const settings = Buffer.concat(Array.from({ length: 2_000 }, () => frameOf(4, 0, 0, setting(4, 70_000))));
    const more = () => {
      while (!isClosed && socket.write(settings));
      if (!isClosed) socket.once('drain', more);
    };
    more();
  });
  const { status } = await ask(transport, 60_000);
  t.match(status, { code: Code.UNAVAILABLE, message: /: the upstream flooded the gateway with SETTINGS/ });
});

t.test('frames that carry nothing, by the hundred thousand, change nothing', async (t) => {
  const empty = Buffer.concat(
    Array.from({ length: 50_000 }, () => Buffer.concat([frameOf(0, 0, 1), frameOf(0xfa, 0, 1)])),
  );
  const { transport } = await openRawPeer(t, (socket, id) => {
    socket.write(frameOf(1, 4, id, head));
    socket.write(empty);
    socket.write(Buffer.concat([frameOf(0, 0, id, message), frameOf(1, 5, id, okTrailers)]));
  });
  t.match(await ask(transport), { messages: ['m'], status: { code: Code.OK } });
});

t.test(
  'a peer that allows no stream at all ends calls at once, on all the connections there may be',
  async (t) => {
    const { transport, sockets, frames } = await openRawPeer(t, () => {}, frameOf(4, 0, 0, setting(3, 0)));
    for (let n = 0; n < 3; n++) {
      t.match((await ask(transport)).status, { code: Code.RESOURCE_EXHAUSTED });
    }
    t.ok(sockets.size <= 2, 'maxConnections of the raw peer');
    t.notOk(frames.some(({ type }) => type === 1));
  },
);

t.test('a peer that sends GOAWAY on every connection gets two for a call, and no more', async (t) => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => {});
    socket.write(Buffer.concat([frameOf(4, 0, 0), frameOf(7, 0, 0, numbers(0, 0))]));
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const transport = openHttp2Transport({ target: `127.0.0.1:${(server.address() as AddressInfo).port}` });
  t.teardown(async () => {
    await transport.close();
    server.close();
  });
  for (let calls = 1; calls <= 5; calls++) {
    t.match((await ask(transport)).status, { code: Code.UNAVAILABLE });
    t.ok(connections <= 2 * calls, `${connections} connections for ${calls} calls`);
  }
});
