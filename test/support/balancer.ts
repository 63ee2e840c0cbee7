import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Test } from 'tap';

/** A TCP balancer of a test. */
export interface Balancer {
  /** "127.0.0.1:PORT" */
  readonly address: string;
  /** When each connection came since this was asked last, in milliseconds. */
  accepted(): Promise<number[]>;
}

/**
 * Hands connections to these ports of loopback in turn, and to the next one where a port refuses. It knows nothing of health: who drains has to refuse. Works in a thread
 * of its own: Node accepts one connection a turn, so those of a busy test would wait, and then seem to have come together. Closed in the test's teardown.
 */
export async function openBalancer(t: Test, ports: readonly number[]): Promise<Balancer> {
  const thread = new Worker(new URL('./balancer-thread.mjs', import.meta.url), { workerData: { ports } });
  t.teardown(() => thread.terminate());
  const [port] = await once(thread, 'message');
  return {
    address: `127.0.0.1:${port}`,
    async accepted() {
      thread.postMessage('accepted');
      const [times] = await once(thread, 'message');
      return times;
    },
  };
}
