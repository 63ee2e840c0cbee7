import type { Attributes, TracerProvider } from '@opentelemetry/api';
import type { Tracing } from '../surfaces/index.js';

/** Where spans go, and how many. */
export interface TracingOptions {
  /** An endpoint of OTLP over HTTP, "http://127.0.0.1:4318". Absent: `provider`. */
  readonly endpoint?: string;
  /** How many of the traces that begin here are recorded, from 0 to 1. Default 1. Only with `endpoint`: a provider has a sampler of its own. */
  readonly ratio?: number;
  /** Headers of its requests; secrets. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What the spans say of this process, such as `service.name`. */
  readonly resource?: Readonly<Record<string, string>>;
  /** The version of the gateway. */
  readonly version?: string;
  /** Where the operator has an SDK of OpenTelemetry: its provider makes the spans, and who has made it ends it. */
  readonly provider?: TracerProvider;
  /** The provider is the one that has been registered with the API in this process. */
  readonly isRegistered?: boolean;
}

/** Traces that are recorded. Whoever opens them closes them, when no exchange is open any more. */
export interface OpenTraces {
  readonly tracing: Tracing;
  /** Sends what is left, for 2 s at most. */
  close(): Promise<void>;
}

/** What spans say of their servers: that of an exchange is the gateway, that of a call the service. */
export interface SpanServers {
  readonly gateway: Attributes;
  readonly service: Attributes;
}

/** Counted spans, for the metrics. */
export interface SpanCounts {
  /** Taken by the endpoint. */
  sent: number;
  dropped: number;
}
