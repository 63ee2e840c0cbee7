import type { FastifyBaseLogger } from 'fastify';
import { bridge, type Incoming, type Outgoing, type Report, type Traffic } from '../../bridge/index.js';
import type { Method } from '../../schema/index.js';
import { Code, codeName, type Metadata, type RpcError } from '../../status/index.js';
import type { Transport } from '../../upstream/index.js';
import type { ExchangeHandle, Exchanges } from './exchanges.js';
import type { MethodRequest } from './method-request.js';
import { slowReaderOf } from './slow-reader-policy.js';
import type { UnfinishedMessages } from './unfinished-messages.js';

/** What a finished exchange was, in words and numbers that metrics may keep: none of them come from the request. */
export interface FinishedExchange {
  readonly surface: string;
  /** The gRPC code as text. */
  readonly code: string;
  readonly durationMs: number;
  readonly report: Report;
}

/** Counts the exchanges of one method. Must not throw, and be cheap: it is called for every call. */
export interface Meter {
  /** Messages that will not be delivered, as soon as that is known. */
  dropped(messages: number): void;
  finished(exchange: FinishedExchange): void;
}

/** What every surface works with. */
export interface ExchangeContext {
  readonly transport: Transport;
  readonly exchanges: Exchanges;
  /** The messages of all clients that are not whole yet. */
  readonly unfinished: UnfinishedMessages;
  meterOf(method: Method): Meter;
  /** Where the bytes of a surface are counted; the same one every time. */
  trafficOf(surface: string): Traffic;
  /** Counts what was refused before there was a call. */
  countRefusal(error: RpcError): void;
}

/** One exchange, ready to begin. */
export interface ExchangePlan {
  readonly request: MethodRequest;
  readonly surface: string;
  readonly requestId: string;
  readonly incoming: Incoming;
  readonly outgoing: Outgoing;
  readonly metadata: Metadata;
  readonly deadline: number | undefined;
  readonly exchange: ExchangeHandle;
  readonly log: FastifyBaseLogger;
}

/**
 * Runs an exchange to its end, counts it and writes its one line of log. Never rejects. Whoever opened the exchange closes it, and
 * destroys the connection when the report says `cut`.
 */
export async function runExchange(
  plan: ExchangePlan,
  { transport, meterOf, trafficOf }: ExchangeContext,
): Promise<Report> {
  const { request, surface, incoming, outgoing, metadata, deadline, exchange, log } = plan;
  const { method } = request;
  const begun = performance.now();
  const meter = meterOf(method);
  const slowReader = slowReaderOf(method, surface, request.limits);
  const onDropped = slowReader === undefined ? undefined : (messages: number) => meter.dropped(messages);
  const { signal } = exchange;
  const report = await bridge(
    { incoming, outgoing, signal, slowReader, onDropped, traffic: trafficOf(surface) },
    (signal) =>
      transport.open(method.path, {
        metadata,
        signal,
        ...(deadline === undefined ? {} : { deadline }),
      }),
  );
  const code = report.aborted === 'left' ? 'CANCELLED' : codeName(report.status.code);
  const durationMs = performance.now() - begun;
  meter.finished({ surface, code, durationMs, report });
  const line = {
    requestId: plan.requestId,
    method: method.path.slice(1),
    surface,
    code,
    reason: report.aborted === undefined ? report.status.reason : undefined,
    durationMs: Math.round(durationMs * 1_000) / 1_000,
    received: report.received,
    sent: report.sent,
    dropped: slowReader === undefined ? undefined : report.dropped,
    aborted: report.aborted,
    peer: exchange.peer,
    // What clients are not told is told here.
    problem: report.status.publicMessage === undefined ? undefined : report.status.message,
  };
  // The cause of a defect is logged here and nowhere else; bad input is the client's business, not the operator's.
  if (report.failure?.code === Code.INTERNAL) log.error({ ...line, err: report.failure }, 'call failed');
  else log.info(line, 'call');
  return report;
}
