import { Alarm } from '../../async/index.js';
import {
  bridge,
  type Incoming,
  Progress,
  type Report,
  type SlowReader,
  StallLimit,
} from '../../bridge/index.js';
import { openCall } from '../../recording/index.js';
import { nameOfPrincipal } from '../../security/index.js';
import { type CodeName, codeName, isDefect, RpcError } from '../../status/index.js';
import { boundedBaggage } from './bounded-baggage.js';
import { type CarriedTrace, carriedTrace, withTrace } from './carried-trace.js';
import { departureOf } from './departure.js';
import { endAtExpiry } from './end-at-expiry.js';
import type { ExchangeContext, Meter } from './exchange-context.js';
import type { ExchangeHandle } from './exchange-handle.js';
import type { ExchangePlan } from './exchange-plan.js';
import type { ExchangeTrace } from './exchange-trace.js';
import { type OpenRecorded, recordedOpener } from './open-recorded.js';
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
  const exchange = context.exchanges.open(
    departureOf(surface, method, context.sharesRecordings === true),
    plan.source,
    peer,
    plan.principal,
  );
  const traced = traceOf(plan, context);
  const expiry = endAtExpiry(plan, exchange);
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
    const recorded = recordedOpener(plan, context);
    const openRecorded = recorded && (await recorded);
    const report = await callAndReport(plan, exchange, incoming, context, traced, openRecorded);
    if (report.cut) peer.cut();
  } catch (reason) {
    traced.trace?.refused(RpcError.from(reason));
    throw reason;
  } finally {
    expiry?.clear();
    isOver = true;
    if (peer.isClosed) exchange.close();
    else {
      lastStall = new Alarm({ onAlarm: () => peer.cut() });
      lastStall.set(limits.maxPauseMs);
    }
  }
}

/** An exchange and where it stands in a trace, of which its client may have said something. */
interface TracedExchange {
  readonly carried: CarriedTrace | undefined;
  readonly trace: ExchangeTrace | undefined;
}

function traceOf(plan: ExchangePlan, { tracing }: ExchangeContext): TracedExchange {
  const carried = carriedTrace(plan.metadata);
  return { carried, trace: tracing?.begin(plan, carried?.context) };
}

/** What the service gets: its caller in the trace is the call, where that is recorded. */
function metadataOfCall(
  { metadata }: ExchangePlan,
  { carried, trace }: TracedExchange,
): ExchangePlan['metadata'] {
  if (trace === undefined) return carried?.metadata ?? metadata;
  return withTrace(carried?.others ?? metadata, trace.openCall());
}

/** From the call to its line of log. Closes `incoming` where it throws. Not `async`: for as long as a stream is open there would be one more that waits for it. */
function callAndReport(
  plan: ExchangePlan,
  exchange: ExchangeHandle,
  incoming: Incoming,
  { transport, meterOf, trafficOf }: ExchangeContext,
  traced: TracedExchange,
  openRecorded: OpenRecorded | undefined,
): Promise<Report> {
  const { surface, request, deadline, resume, token } = plan;
  const { method, requestCodec } = request;
  try {
    exchange.beginCall();
  } catch (reason) {
    incoming.close();
    throw reason;
  }
  const begun = performance.now();
  const progress = new Progress();
  exchange.seen = { running: plan, progress, begunAt: begun };
  const { trace } = traced;
  const outgoing = plan.openOutgoing(exchange);
  const metadata = boundedBaggage(metadataOfCall(plan, traced));
  const meter = meterOf(method);
  const slowReader = slowReaderOf(method, surface, request.limits);
  const onDropped =
    slowReader === undefined
      ? undefined
      : (messages: number) => {
          meter.dropped(messages);
          trace?.dropped(messages);
        };
  const stall = surface.isBounded || method.requestStream ? stallLimitOf(plan, exchange, trace) : undefined;
  const { signal } = exchange;
  const bridged = bridge(
    { incoming, outgoing, signal, slowReader, onDropped, stall, progress, traffic: trafficOf(surface.name) },
    (signal) => {
      const onHealed: Meter['healed'] = (result) => {
        if (result === 'healed') progress.healed += 1;
        meter.healed(result);
        trace?.healed(result);
      };
      const asked = { method, requestCodec, resume, metadata, token, signal, deadline, onHealed };
      return openRecorded === undefined ? openCall(transport, asked) : openRecorded(asked);
    },
  );
  return bridged.then((report) => {
    stall?.close();
    const code = report.aborted === 'left' ? 'CANCELLED' : codeName(report.status.code);
    const ended = { code, report, callMs: report.callEndedAt - begun, durationMs: performance.now() - begun };
    countAndLog(plan, ended, slowReader, meter, traced);
    trace?.end({ code, reason: report.status.reason, report });
    return report;
  });
}

function stallLimitOf(
  { surface, request, peer, deadline }: ExchangePlan,
  exchange: ExchangeHandle,
  trace: ExchangeTrace | undefined,
): StallLimit {
  const stall = new StallLimit({
    maxStallMs: request.limits.maxPauseMs,
    deadline: surface.hasCredit ? deadline : undefined,
    exchange,
    peer: surface.hasCredit ? undefined : peer,
    onStall: trace && ((side, ms) => trace.stalled(side, ms)),
  });
  exchange.stall = stall;
  return stall;
}

/** How an exchange went. */
interface EndedExchange {
  readonly code: CodeName;
  readonly report: Report;
  readonly callMs: number;
  readonly durationMs: number;
}

function countAndLog(
  { surface, request, source, principal, requestId, log }: ExchangePlan,
  { code, report, callMs, durationMs }: EndedExchange,
  slowReader: SlowReader | undefined,
  meter: Meter,
  { carried, trace }: TracedExchange,
): void {
  const { name, rpcSystem = 'grpc' } = surface;
  meter.finished({ surface: name, code, rpcSystem, durationMs, callMs, report });
  const line = {
    requestId,
    traceId: trace?.traceId ?? carried?.context?.traceId,
    method: request.method.path.slice(1),
    surface: name,
    code,
    reason: report.aborted === undefined ? report.status.reason : undefined,
    durationMs: Math.round(durationMs * 1_000) / 1_000,
    received: report.received,
    sent: report.sent,
    dropped: slowReader === undefined ? undefined : report.dropped,
    aborted: report.aborted,
    peer: source.address,
    principal: nameOfPrincipal(principal),
    // What clients are not told is told here.
    problem: report.status.publicMessage === undefined ? undefined : report.status.message,
  };
  // The cause of a defect is logged here and nowhere else; bad input is the client's business, not the operator's.
  if (report.failure !== undefined && isDefect(report.failure))
    log.error({ ...line, err: report.failure }, 'call failed');
  else log.info(line, 'call');
}
