import type { Report } from '../../bridge/index.js';
import type { HealResult } from '../../recording/index.js';
import type { CodeName, Reason, RpcError } from '../../status/index.js';
import type { TraceContext } from '../../wire/index.js';
import type { ExchangePlan } from './exchange-plan.js';

/** How an exchange has ended. */
export interface TracedEnd {
  /** What the client got. */
  readonly code: CodeName;
  /** Why the gateway itself ended it. */
  readonly reason: Reason | undefined;
  readonly report: Report;
}

/** Records where exchanges stand in traces. Nothing of it may throw or wait: it is called on the way of every call. */
export interface Tracing {
  /** An exchange begins; `parent` is what its client says. Whoever begins one ends it, by `end` or `refused`. */
  begin(plan: ExchangePlan, parent: TraceContext | undefined): ExchangeTrace;
}

/** One exchange in its trace. */
export interface ExchangeTrace {
  readonly traceId: string;
  /** Its call is opened now: what the service is told. */
  openCall(): TraceContext;
  /** So many messages will not be delivered. */
  dropped(messages: number): void;
  /** A side has let the exchange wait for so long, in milliseconds, and goes on or has been given up. */
  stalled(side: 'client' | 'service', durationMs: number): void;
  /** Its call broke, and what became of it. */
  healed(result: HealResult): void;
  end(end: TracedEnd): void;
  /** No call was opened. */
  refused(error: RpcError): void;
}
