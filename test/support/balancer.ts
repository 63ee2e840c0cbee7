import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Test } from 'tap';

/** A TCP balancer of a test. */
export interface Balancer {
  /** "127.0.0.1:PORT" */
  readonly address: string;
  /** When each connection came, in milliseconds of `performance`. */
  readonly accepted: readonly number[];
}

/**
 * Hands connections to these ports of loopback in turn, and to the next one where a port refuses. It knows nothing of health: who drains has to refuse. Closed in
 * the test's teardown.
 */
export async function openBalancer(t: Test, ports: readonly number[]): Promise<Balancer> {
  const sockets = new Set<Socket>();
  const accepted: number[] = [];
  let turn = 0;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  };
  const forward = (near: Socket, at: number, tries: number) => {
    const far = connect({ port: ports[at % ports.length] as number, host: '127.0.0.1', noDelay: true });
    const onRefused = () => {
      far.destroy();
      if (tries > 1 && !near.destroyed) forward(near, at + 1, tries - 1);
      else near.destroy();
    };
    far.once('error', onRefused);
    far.once('connect', () => {
      far.off('error', onRefused);
      keep(far);
      far.pipe(near);
      // It has been paused until now, so that nothing of it was lost.
      near.pipe(far);
      near.once('close', () => far.destroy());
      far.once('close', () => near.destroy());
    });
  };
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (near) => {
    accepted.push(performance.now());
    keep(near);
    turn += 1;
    forward(near, turn, ports.length);
  });
  server.listen(0, '127.0.0.1', 4_096);
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, accepted };
}
