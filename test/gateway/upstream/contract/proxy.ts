import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A plain TCP proxy: a network that a test can cut, freeze and count. */
export interface Proxy {
  readonly target: string;
  /** Connections taken so far. */
  readonly connections: number;
  /** Connections that stand. */
  readonly open: number;
  /** Resets every connection. */
  cut(): void;
  /** Nothing moves any more in either direction, and nobody is told. */
  freeze(): void;
  /** Resolves when no connection stands. */
  empty(): Promise<void>;
  close(): void;
}

/** Opens a proxy in front of "host:port". Close it in a teardown. */
export async function openProxy(target: string): Promise<Proxy> {
  const [host = '', port = ''] = target.split(':');
  const pairs = new Set<readonly [Socket, Socket]>();
  let connections = 0;
  let wake = (): void => {};
  const server = createServer((near) => {
    connections++;
    const far = connect(Number(port), host);
    const pair = [near, far] as const;
    pairs.add(pair);
    near.pipe(far);
    far.pipe(near);
    for (const socket of pair) {
      socket.on('error', () => {});
      socket.on('close', () => {
        near.destroy();
        far.destroy();
        pairs.delete(pair);
        if (pairs.size === 0) wake();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const each = (act: (socket: Socket, other: Socket) => void): void => {
    for (const [near, far] of [...pairs]) {
      act(near, far);
      act(far, near);
    }
  };
  return {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
    get open() {
      return pairs.size;
    },
    cut: () => each((socket) => socket.resetAndDestroy()),
    freeze: () =>
      each((socket, other) => {
        socket.unpipe(other);
        socket.pause();
      }),
    empty: () =>
      pairs.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            wake = resolve;
          }),
    close() {
      each((socket) => socket.destroy());
      server.close();
    },
  };
}
