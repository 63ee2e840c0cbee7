import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Test } from 'tap';

/** What becomes of a WebSocket's handshake: it passes, is answered with an HTTP status, is cut off, or is never answered. */
export type UpgradeRule = 'pass' | 'cut' | 'swallow' | number;

/** An address in front of another one, as a load balancer is: where new connections go can be changed, and those that are open can be cut. */
export interface Relay {
  /** "http://127.0.0.1:port" */
  readonly url: string;
  /** Connections so far. */
  readonly accepted: number;
  /** The heads of HTTP requests so far, as they came. */
  readonly heads: readonly string[];
  /** Sends new connections to the server at this URL. */
  pointTo(url: string): void;
  /** What becomes of handshakes from now on; the others pass as they are. At first all pass. */
  onUpgrade(rule: UpgradeRule): void;
  /** Destroys all that are open: both sides see a connection that broke. */
  cut(): void;
}

/** Opens a relay, and closes it in the test's teardown. */
export async function openRelay(t: Test, url: string): Promise<Relay> {
  let target = new URL(url);
  let upgrades: UpgradeRule = 'pass';
  let accepted = 0;
  const heads: string[] = [];
  const open = new Set<Socket>();
  const refuse = (near: Socket) => {
    if (typeof upgrades === 'number') {
      near.end(`HTTP/1.1 ${upgrades} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
    } else if (upgrades === 'cut') near.resetAndDestroy();
  };
  const keep = (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
  };
  const server = createServer((near) => {
    accepted += 1;
    keep(near);
    if (upgrades === 'pass') join(near);
    else {
      near.once('data', (head: Buffer) => {
        if (upgrades !== 'pass' && /\r\nupgrade: *websocket\r\n/i.test(head.toString('latin1'))) {
          refuse(near);
          return;
        }
        near.pause();
        near.unshift(head);
        join(near);
      });
    }
  });
  const join = (near: Socket) => {
    const far = connect(Number(target.port), target.hostname);
    // A head is far shorter than what one read of a socket takes.
    near.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1');
      if (/^[A-Z]+ \S+ HTTP\/1\.1\r\n/.test(text)) heads.push(text);
    });
    keep(far);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.pipe(other);
      one.on('close', () => other.destroy());
    }
  };
  const cut = () => {
    for (const socket of open) {
      // A reset after a FIN is refused by libuv, and Node (20.20) then spins for ever at the end of the process.
      if (socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    }
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(async () => {
    cut();
    server.close();
    await once(server, 'close');
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get accepted() {
      return accepted;
    },
    heads,
    pointTo(next) {
      target = new URL(next);
    },
    onUpgrade(rule) {
      upgrades = rule;
    },
    cut,
  };
}
