import { randomUUID } from 'node:crypto';
import { type Attributes, trace } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { Tracing } from '../../surfaces/index.js';
import { tracesUrl } from '../otlp-endpoint.js';
import type { OpenTraces, SpanCounts, SpanServers, TracingOptions } from '../tracing-options.js';
import { traceExchanges } from './exchange-spans.js';
import { RecordingTracer } from './recording-tracer.js';
import { SpanExporter } from './span-exporter.js';
import { keyValues, spanJson } from './span-json.js';

/** The name of the scope of all our spans. */
const SCOPE = 'sluice';

/** Spans as they are set: of a provider of the operator's, or sent to an endpoint. */
export function openSpans(
  options: TracingOptions,
  servers: SpanServers,
  counts: SpanCounts,
  log: Logger,
): OpenTraces {
  const { endpoint, provider, isRegistered } = options;
  if (endpoint === undefined) {
    const used = provider ?? (isRegistered === true ? trace.getTracerProvider() : undefined);
    if (used === undefined) throw new TypeError('tracing needs an endpoint or a provider');
    const tracing = traceExchanges(used.getTracer(SCOPE, options.version), servers);
    // Who has made the provider ends it.
    return { tracing, close: async () => {} };
  }
  const exporter = new SpanExporter({
    url: tracesUrl(endpoint),
    headers: options.headers ?? {},
    envelope: envelopeOf(options),
    counts,
    log,
  });
  const tracer = new RecordingTracer(options.ratio ?? 1, (span) => exporter.add(spanJson(span)));
  const tracing: Tracing = traceExchanges(tracer, servers);
  return { tracing, close: () => exporter.close() };
}

/** What stands around the spans of a request: whose they are. Source: ExportTraceServiceRequest. */
function envelopeOf({ version, resource }: TracingOptions): { before: string; after: string } {
  const attributes: Attributes = {
    'service.name': 'sluice',
    'service.instance.id': randomUUID(),
    'telemetry.sdk.name': 'sluice',
    'telemetry.sdk.language': 'nodejs',
    ...(version !== undefined && { 'service.version': version, 'telemetry.sdk.version': version }),
    ...resource,
  };
  const request = {
    resourceSpans: [
      {
        resource: { attributes: keyValues(attributes) },
        scopeSpans: [{ scope: { name: SCOPE, version }, spans: [] }],
      },
    ],
  };
  const text = JSON.stringify(request);
  const at = text.lastIndexOf('[]') + 1;
  return { before: text.slice(0, at), after: text.slice(at) };
}
