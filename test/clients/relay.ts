import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Test } from 'tap';

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
  /** Destroys all that are open: both sides see a connection that broke. */
  cut(): void;
}

/** Opens a relay, and closes it in the test's teardown. */
export async function openRelay(t: Test, url: string): Promise<Relay> {
  let target = new URL(url);
  let accepted = 0;
  const heads: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((near) => {
    accepted += 1;
    const far = connect(Number(target.port), target.hostname);
    // A head is far shorter than what one read of a socket takes.
    near.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1');
      if (/^[A-Z]+ \S+ HTTP\/1\.1\r\n/.test(text)) heads.push(text);
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.pipe(other);
      one.on('error', () => undefined);
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  const cut = () => {
    for (const socket of open) socket.resetAndDestroy();
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
    cut,
  };
}
