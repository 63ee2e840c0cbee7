import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Test } from 'tap';

/** The network between two processes, which a test cuts. */
export interface TcpProxy {
  /** "HOST:PORT", in place of where it leads. */
  readonly address: string;
  /** Breaks all connections, and every new one, until `mend`. */
  cut(): void;
  mend(): void;
}

/** Leads to an address of loopback, "HOST:PORT". The teardown closes it. */
export async function openTcpProxy(t: Test, to: string): Promise<TcpProxy> {
  const port = Number(to.slice(to.lastIndexOf(':') + 1));
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  t.teardown(async () => {
    isCut = true;
    breakAll();
    server.close();
    await once(server, 'close');
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      isCut = true;
      breakAll();
    },
    mend() {
      isCut = false;
    },
  };
}
