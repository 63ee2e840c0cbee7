import type { Logger } from 'pino';
import type { OpenTraces, SpanCounts, SpanServers, TracingOptions } from './tracing-options.js';

/** Opens what records traces; its modules and the API of OpenTelemetry are loaded here, and by nothing else. Rejects with a TypeError for what cannot be used. */
export async function openTracing(
  options: TracingOptions,
  servers: SpanServers,
  counts: SpanCounts,
  log: Logger,
): Promise<OpenTraces> {
  const { openSpans } = await import('./tracing/index.js');
  return openSpans(options, servers, counts, log);
}

/** Whether this process has registered a provider of OpenTelemetry. Asked without its API, which a start without traces does not load. */
export function hasRegisteredProvider(): boolean {
  const registered = (globalThis as Record<symbol, unknown>)[Symbol.for('opentelemetry.js.api.1')];
  return (registered as { trace?: unknown } | undefined)?.trace !== undefined;
}
