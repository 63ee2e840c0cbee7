import { setTimeout as sleep } from 'node:timers/promises';
import type { Replicas } from '../replica/index.js';
import type { KnownRecordings } from './known-recordings.js';

/** Who can go on with a recording comes when its clients do: it is looked for so often, in milliseconds. */
const LOOK_MS = 100;

/**
 * Hands what runs here to other gateways, as soon as there is one that can go on with it, until `isClosed`. Resolves when no call runs here any more that
 * goes on without clients: nothing else would wait for such a one. Without other gateways it only waits.
 */
export async function drainRecordings(
  known: KnownRecordings,
  replicas: Replicas | undefined,
  isClosed: () => boolean,
): Promise<void> {
  return await new Promise((resolve) => {
    const look = async () => {
      while (!isClosed()) {
        let isAwaited = false;
        for (const recording of [...known.byEpoch.values()]) {
          const { epoch } = recording.journal;
          if (recording.state !== 'running' || replicas?.leads(epoch) === false) continue;
          // NATS may be away for a while.
          const isGone = replicas !== undefined && (await replicas.handOver(epoch).catch(() => false));
          if (!isGone && recording.isDetached) isAwaited = true;
        }
        if (!isAwaited) resolve();
        await sleep(LOOK_MS, undefined, { ref: false });
      }
      resolve();
    };
    void look();
  });
}
