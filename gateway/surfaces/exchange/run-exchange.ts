import { Alarm } from '../../async/index.js';
import { bridge, type Incoming, type Report, type SlowReader, StallLimit } from '../../bridge/index.js';
import { codeName, isDefect } from '../../status/index.js';
import type { ExchangeContext, Meter } from './exchange-context.js';
import type { ExchangeHandle } from './exchange-handle.js';
import type { ExchangePlan } from './exchange-plan.js';
import { slowReaderOf } from './slow-reader-policy.js';

/**
 * Runs an exchange from its registration to its end, in one order for every surface:
 *
 *     register -> watch the peer -> open incoming -> count the call -> open outgoing -> bridge -> count, log -> cut -> close
 *        |                            |                 |
 *        +----------------------------+-----------------+-- rejects with RpcError: no call was opened, the surface tells its client
 *
 * Everything up to the bridge happens in the tick of the call, unless `openIncoming` returns a promise. Resolves when the call is over and
 * counted; the exchange stays registered until its peer is closed, and a peer that takes the rest for longer than a stall may last is cut.
 */
export async function runExchange(plan: ExchangePlan, context: ExchangeContext): Promise<void> {
  const { surface, request, peer } = plan;
  const { method, limits } = request;
  const exchange = context.exchanges.open(surface.finite || !method.responseStream, plan.source, peer);
  let isOver = false;
  let lastStall: Alarm | undefined;
  peer.onLeft(() => {
    lastStall?.clear();
    if (isOver) exchange.close();
    else exchange.abort('left');
  });
  try {
    if (surface.isBounded) peer.watch();
    const opening = plan.openIncoming(exchange);
    const incoming = opening instanceof Promise ? await opening : opening;
    const report = await callAndReport(plan, exchange, incoming, context);
    if (report.cut) peer.cut();
  } finally {
    isOver = true;
    if (peer.isClosed) exchange.close();
    else {
      lastStall = new Alarm({ onAlarm: () => peer.cut() });
      lastStall.set(limits.maxPauseMs);
    }
  }
}

/** From the call to its line of log. Closes `incoming` where it rejects. */
async function callAndReport(
  plan: ExchangePlan,
  exchange: ExchangeHandle,
  incoming: Incoming,
  { transport, meterOf, trafficOf }: ExchangeContext,
): Promise<Report> {
  const { surface, request, metadata, deadline } = plan;
  const { method } = request;
  try {
    exchange.beginCall();
  } catch (reason) {
    incoming.close();
    throw reason;
  }
  const begun = performance.now();
  const outgoing = plan.openOutgoing(exchange);
  const meter = meterOf(method);
  const slowReader = slowReaderOf(method, surface, request.limits);
  const onDropped = slowReader === undefined ? undefined : (messages: number) => meter.dropped(messages);
  const stall = surface.isBounded || method.requestStream ? stallLimitOf(plan, exchange) : undefined;
  const { signal } = exchange;
  const report = await bridge(
    { incoming, outgoing, signal, slowReader, onDropped, stall, traffic: trafficOf(surface.name) },
    (signal) => transport.open(method.path, { metadata, signal, deadline }),
  );
  stall?.close();
  countAndLog(plan, report, performance.now() - begun, slowReader, meter);
  return report;
}

function stallLimitOf(
  { surface, request, peer, deadline }: ExchangePlan,
  exchange: ExchangeHandle,
): StallLimit {
  const stall = new StallLimit({
    maxStallMs: request.limits.maxPauseMs,
    deadline: surface.hasCredit ? deadline : undefined,
    abort: (reason) => exchange.abort(reason),
    cut: surface.hasCredit ? undefined : () => peer.cut(),
  });
  exchange.stall = stall;
  return stall;
}

function countAndLog(
  { surface, request, source, requestId, log }: ExchangePlan,
  report: Report,
  durationMs: number,
  slowReader: SlowReader | undefined,
  meter: Meter,
): void {
  const code = report.aborted === 'left' ? 'CANCELLED' : codeName(report.status.code);
  meter.finished({ surface: surface.name, code, durationMs, report });
  const line = {
    requestId,
    method: request.method.path.slice(1),
    surface: surface.name,
    code,
    reason: report.aborted === undefined ? report.status.reason : undefined,
    durationMs: Math.round(durationMs * 1_000) / 1_000,
    received: report.received,
    sent: report.sent,
    dropped: slowReader === undefined ? undefined : report.dropped,
    aborted: report.aborted,
    peer: source.address,
    // What clients are not told is told here.
    problem: report.status.publicMessage === undefined ? undefined : report.status.message,
  };
  // The cause of a defect is logged here and nowhere else; bad input is the client's business, not the operator's.
  if (report.failure !== undefined && isDefect(report.failure))
    log.error({ ...line, err: report.failure }, 'call failed');
  else log.info(line, 'call');
}
