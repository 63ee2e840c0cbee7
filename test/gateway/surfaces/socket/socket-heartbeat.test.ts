import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { WebSocket } from 'ws';
import { startSocketHeartbeat } from '../../../../gateway/surfaces/socket/socket-heartbeat.js';
import { CloseCode } from '../../../../gateway/wire/index.js';
import { stopClock } from '../../../support/clock.js';

const INTERVAL_MS = 30;

interface Client {
  bufferedAmount: number;
  bytesRead: number;
  isPaused: boolean;
}

/** A client that answers no ping, guarded on a stopped clock. */
function guard(t: Test, given: Partial<Client> = {}) {
  const client: Client = { bufferedAmount: 0, bytesRead: 0, isPaused: false, ...given };
  const seen: { pings: number; code?: number; terminated?: true } = { pings: 0 };
  const socket = Object.assign(new EventEmitter(), {
    ping: () => {
      seen.pings += 1;
    },
    close: (code: number) => {
      seen.code = code;
      socket.emit('close');
    },
    terminate: () => {
      seen.terminated = true;
    },
  });
  Object.defineProperty(socket, 'bufferedAmount', { get: () => client.bufferedAmount });
  const clock = stopClock(t);
  startSocketHeartbeat(
    socket as unknown as WebSocket,
    client as unknown as Socket,
    INTERVAL_MS,
    () => client.isPaused,
  );
  return { clock, client, seen };
}

const GIVEN_UP = { code: CloseCode.policy, terminated: true };

t.test('a client that does not answer a ping within one interval is given up', async (t) => {
  const { clock, seen } = guard(t);
  clock.pass(INTERVAL_MS);
  t.same(seen, { pings: 1 });
  clock.pass(INTERVAL_MS - 1);
  t.same(seen, { pings: 1 });
  clock.pass(1);
  t.same(seen, { pings: 1, ...GIVEN_UP });
  clock.pass(10 * INTERVAL_MS);
  t.same(seen, { pings: 1, ...GIVEN_UP }, 'and the heartbeat is over');
});

t.test('a client is kept while its answer cannot be seen, and given up when it can', async (t) => {
  for (const [name, change] of [
    ['we have paused', (client: Client) => Object.assign(client, { isPaused: true })],
    ['it has not taken what was sent', (client: Client) => Object.assign(client, { bufferedAmount: 1 })],
    ['bytes of it come', (client: Client) => Object.assign(client, { bytesRead: client.bytesRead + 1 })],
  ] as const) {
    await t.test(name, async (t) => {
      const { clock, client, seen } = guard(t);
      for (let intervals = 0; intervals < 10; intervals += 1) {
        change(client);
        clock.pass(INTERVAL_MS);
      }
      t.equal(seen.code, undefined);
      Object.assign(client, { isPaused: false, bufferedAmount: 0 });
      clock.pass(2 * INTERVAL_MS);
      t.match(seen, GIVEN_UP);
    });
  }
});

t.test(
  'a client that is gone is given up also by a gateway that is always stalled: it is spared once',
  async (t) => {
    const { clock, seen } = guard(t);
    clock.stall(3 * INTERVAL_MS);
    clock.stall(3 * INTERVAL_MS);
    t.same(seen, { pings: 2 });
    clock.stall(3 * INTERVAL_MS);
    t.same(seen, { pings: 2, ...GIVEN_UP });
  },
);
