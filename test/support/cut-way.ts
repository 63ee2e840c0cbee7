import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import type { Test } from 'tap';

/** A way to a server that ends behind so many bytes of what it answers on a connection. */
export interface CutWay {
  /** Like the server's, as it is for another scheme with the same port. */
  readonly url: string;
  most: number;
  /** What has come so far, on all connections. */
  passed: number;
}

/** Leads to a server at `url` of loopback. The teardown closes it. */
export async function openCutWay(t: Test, url: string): Promise<CutWay> {
  const { port } = new URL(url);
  const server = createServer((near) => {
    const far = connect(Number(port), '127.0.0.1');
    let left = way.most;
    const cut = () => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      socket.on('error', cut);
      socket.on('close', cut);
    }
    near.pipe(far);
    far.on('data', (chunk: Buffer) => {
      way.passed += chunk.length;
      const part = chunk.subarray(0, left);
      left -= part.length;
      if (left > 0) near.write(part);
      else near.end(part, cut);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const way: CutWay = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    most: Number.POSITIVE_INFINITY,
    passed: 0,
  };
  t.teardown(() => server.close());
  return way;
}
