import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import t from 'tap';
import type { WebSocket } from 'ws';
import { startSocketHeartbeat } from '../../../../gateway/surfaces/socket/socket-heartbeat.js';
import { CloseCode } from '../../../../gateway/wire/index.js';

const INTERVAL_MS = 30;

/** A client that is gone. The gateway is stalled after each ping for `stallMs`; resolves when the client is given up. */
function guardVanished(stallMs: number): Promise<{ pings: number; code: number }> {
  return new Promise((resolve) => {
    let pings = 0;
    const socket = Object.assign(new EventEmitter(), {
      bufferedAmount: 0,
      ping: () => {
        pings += 1;
        for (const begun = performance.now(); performance.now() - begun < stallMs; );
      },
      close: (code: number) => {
        socket.emit('close');
        resolve({ pings, code });
      },
      terminate: () => {},
    });
    const raw = { bytesRead: 0 };
    startSocketHeartbeat(socket as unknown as WebSocket, raw as Socket, INTERVAL_MS, () => false);
    // The heartbeat keeps nobody alive.
    const alive = setInterval(() => {}, INTERVAL_MS);
    socket.once('close', () => clearInterval(alive));
  });
}

t.test(
  'a client that is gone is given up also by a gateway that is always stalled: it is spared once',
  async (t) => {
    t.same(await guardVanished(3 * INTERVAL_MS), { pings: 2, code: CloseCode.policy });
  },
);
