import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port of 127.0.0.1 that is free, for a server that is started again on it. The kernel gives a port of its own choice to whoever asks next,
 * so one of those may be taken by the time the server comes back. `taken`: those that are promised already.
 */
export async function ownPort(taken: readonly number[] = []): Promise<number> {
  // Below what kernels choose from (Linux from 32768, others from 49152). By process, so that two test files do not meet.
  for (let port = 11_000 + (process.pid % 2_000) * 10; ; port += 1) {
    if (taken.includes(port)) continue;
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
