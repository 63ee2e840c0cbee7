import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Transport } from '../upstream/index.js';
import type { SchemaSource } from './loaded-schema.js';

/**
 * Asks a service that describes itself again, every `everyMs` (give or take a tenth, so that replicas do not ask together), until the signal is
 * aborted. A service that does not answer keeps its schema; the log says so once, until it answers again.
 */
export async function refreshSchema(
  source: SchemaSource,
  transport: Pick<Transport, 'open'>,
  everyMs: number,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  let failing = false;
  for (;;) {
    const waitMs = everyMs * (0.9 + 0.2 * Math.random());
    await delay(waitMs, undefined, { ref: false, signal }).catch(() => {});
    if (signal.aborted) return;
    try {
      if ((await source.refresh(transport)) === 'changed') {
        log.info({ methods: source.get().schema.methods.size }, 'schema changed');
      }
      failing = false;
    } catch (reason) {
      if (signal.aborted) return;
      if (!failing)
        log.warn({ problem: (reason as Error).message }, 'schema not refreshed, the old one stays');
      failing = true;
    }
  }
}
