import type { FastifyInstance } from 'fastify';
import { createDeferred } from '../async/index.js';
import type { Exchanges } from '../surfaces/index.js';
import type { Draining } from './draining.js';
import type { ResolvedGatewayOptions } from './gateway-settings.js';
import type { RecordedCalls } from './recorded-calls.js';

/** From the signal to the end: streams end and recordings are handed over, what ends by itself may, and what is left after the grace is cut. */
export async function drainGateway(
  app: FastifyInstance,
  carriers: readonly ({ cut(): void } | undefined)[],
  draining: Draining,
  exchanges: Exchanges,
  recorded: RecordedCalls,
  { graceMs, log }: ResolvedGatewayOptions,
): Promise<void> {
  const begun = performance.now();
  log.info({ openExchanges: exchanges.size, sessions: exchanges.carriers, graceMs }, 'gateway draining');
  // The connections as well: a client that does not read would keep its exchange from ending.
  const cut = () => {
    exchanges.abortAll();
    app.server.closeAllConnections();
    for (const carrier of carriers) carrier?.cut();
    for (const socket of app.websocketServer.clients) socket.terminate();
  };
  let unfinished = 0;
  const over = createDeferred<void>();
  const timer = setTimeout(() => {
    unfinished = exchanges.size;
    cut();
    over.resolve();
  }, graceMs);
  const left = recorded.leave();
  await draining.run(graceMs);
  // Calls that go on without clients may end within the grace, or another gateway takes them.
  await Promise.race([left, over.promise]);
  clearTimeout(timer);
  cut();
  log.info({ unfinished, durationMs: Math.round(performance.now() - begun) }, 'gateway drained');
}
