import type { Report, Traffic } from '../../bridge/index.js';
import type { EvictionCause, HealResult, Recorder } from '../../recording/index.js';
import type { Method } from '../../schema/index.js';
import type { RpcError } from '../../status/index.js';
import type { Transport } from '../../upstream/index.js';
import type { Tracing } from './exchange-trace.js';
import type { Exchanges } from './exchanges.js';
import type { UnfinishedMessages } from './unfinished-messages.js';

/** What a finished exchange was, in words and numbers that metrics may keep: none of them come from the request. */
export interface FinishedExchange {
  /** The name of its surface. */
  readonly surface: string;
  /** The gRPC code as text. */
  readonly code: string;
  /** How its client speaks, as the conventions for traces name it. */
  readonly rpcSystem: string;
  readonly durationMs: number;
  /** Of these, its call at the service. */
  readonly callMs: number;
  readonly report: Report;
}

/** Counts the exchanges of one method. Must not throw, and be cheap: it is called for every call. */
export interface Meter {
  /** Messages that will not be delivered, as soon as that is known. */
  dropped(messages: number): void;
  /** A stream that broke, and what became of it. */
  healed(result: HealResult): void;
  /** Messages that its recordings have forgotten, and why: `EvictionCause`. */
  evicted(messages: number, cause: EvictionCause): void;
  /** A client was told that messages of a recording are missing. */
  gap(): void;
  finished(exchange: FinishedExchange): void;
}

/** What every surface works with. */
export interface ExchangeContext {
  readonly transport: Pick<Transport, 'open'>;
  readonly exchanges: Exchanges;
  /** The messages of all clients that are not whole yet. */
  readonly unfinished: UnfinishedMessages;
  meterOf(method: Method): Meter;
  /** Records exchanges in traces; absent: nothing does. */
  readonly tracing?: Tracing | undefined;
  /** What records calls of methods with a rule for that; loaded when it is first asked for. Absent: nothing does. */
  readonly recorder?: (() => Recorder | Promise<Recorder>) | undefined;
  /** Other gateways have what is recorded. */
  readonly sharesRecordings?: boolean;
  /** Where the bytes of a surface are counted; the same one every time. */
  trafficOf(surface: string): Traffic;
  /**
   * Counts what was refused before there was a call. Returns how many refusals have had no line of log since the last one that had; -1 where this one is
   * to have none.
   */
  countRefusal(error: RpcError): number;
}
