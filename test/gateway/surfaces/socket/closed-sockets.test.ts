import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { type WebSocket as ServerSocket, WebSocket, WebSocketServer } from 'ws';
import { UnfinishedMessages } from '../../../../gateway/surfaces/exchange/unfinished-messages.js';
import { boundSocketMessages } from '../../../../gateway/surfaces/socket/message-limit.js';

const PART = Buffer.alloc(100_000, 'a');
const PARTS = 30;

for (const kind of ['fragments', 'messages'] as const) {
  t.test(
    `what comes in ${kind} after a refusal is not kept, and the client's close ends the connection`,
    async (t) => {
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
      t.teardown(() => server.close());
      await once(server, 'listening');
      const unfinished = new UnfinishedMessages(250_000);
      const whole: number[] = [];
      let refuse = () => {};
      const refused = new Promise<void>((resolve) => {
        refuse = resolve;
      });
      let served: ServerSocket | undefined;
      server.on('connection', (socket: ServerSocket, request: IncomingMessage) => {
        served = socket;
        socket.on('message', (data: Buffer) => whole.push(data.length));
        boundSocketMessages(socket, request.socket, {
          timeoutMs: 60_000,
          isPaused: () => false,
          isExpecting: () => false,
          unfinished: unfinished.of('a', () => {
            socket.close(4014, 'too much');
            refuse();
          }),
          onLate: () => t.fail('it is not late'),
        });
      });
      const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
      t.teardown(() => client.terminate());
      await once(client, 'open');
      // A client that does not listen: it has been closed and goes on.
      client.pause();
      const fragment = (fin: boolean) =>
        new Promise<void>((resolve) => client.send(PART, { fin, binary: true }, () => resolve()));
      for (let part = 0; part < 5; part += 1) await fragment(false);
      await refused;
      t.equal(served?.readyState, WebSocket.CLOSING, 'it is refused');
      for (let part = 0; part < PARTS; part += 1) await fragment(kind === 'messages' || part === PARTS - 1);
      const closed = once(served as ServerSocket, 'close');
      client.resume();
      await once(client, 'close');
      await closed;
      t.same(whole, [], 'no message becomes whole');
      t.equal(unfinished.bytes, 0);
    },
  );
}
