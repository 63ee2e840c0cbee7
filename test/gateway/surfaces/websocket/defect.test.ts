import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import { answerWebSocket } from '../../../../gateway/surfaces/websocket/index.js';

t.test('a defect before the call is logged once, and closes the socket', async (t) => {
  const defect = new TypeError('a defect');
  const lines: unknown[][] = [];
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, http) => {
    const request = { method: {}, limits: { heartbeatMs: 60_000 }, http, query: new URLSearchParams() };
    const exchanges = {
      open() {
        throw defect;
      },
    };
    const log = { error: (...line: unknown[]) => lines.push(line) };
    type Answer = Parameters<typeof answerWebSocket>;
    answerWebSocket(
      request as unknown as Answer[0],
      socket,
      { id: 'r-1', log } as unknown as Answer[2],
      { source: {} } as unknown as Answer[3],
      { exchanges, surfaces: { websocket: {} } } as unknown as Answer[4],
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [code] = await once(client, 'close');
  t.equal(code, 1006);
  t.same(lines, [[{ requestId: 'r-1', err: defect }, 'websocket failed']]);
});
