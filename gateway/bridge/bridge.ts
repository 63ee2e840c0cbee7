import { type Code, ENDED, RpcError, type Status } from '../status/index.js';
import type { Call, CancelSignal } from '../upstream/index.js';
import { beginAnswer } from './begin-answer.js';
import { Downward } from './downward.js';
import type { AbortCause, Exchange } from './exchange.js';
import { Progress } from './progress.js';
import { isToldInTime, TooSlow } from './slow-reader/index.js';
import type { StallLimit } from './stall-limit.js';
import { Upward } from './upward.js';

/** What a finished exchange was, for the log and the metrics. */
export interface Report {
  /** What the client was told, or would have been. */
  readonly status: Status;
  /** How the call itself ended. */
  readonly callCode: Code;
  /** When it was over, in milliseconds of `performance`. */
  readonly callEndedAt: number;
  /** The failure of our own making or the client's bad input, with its cause; absent when the service ended the call. */
  readonly failure: RpcError | undefined;
  /** Messages taken from the client. */
  readonly received: number;
  /** Messages taken from the service. */
  readonly sent: number;
  /** Those of them that were not delivered because the client was slow (`Exchange.slowReader`). */
  readonly dropped: number;
  /** The client did not read the final error, or a defect kept it from being told anything: its connection must be cut. */
  readonly cut: boolean;
  /** The client left, or the gateway drained, before the end. */
  readonly aborted: 'left' | 'draining' | undefined;
}

/**
 * Joins one exchange to one call: two pumps, one signal. Resolves when both directions are over, the call is
 * cancelled or ended, and the client was told; never rejects.
 *
 *     client --incoming--> pump --write--> call          half-close when incoming ends; bad input cancels the call
 *     client <--outgoing--- pump <--read--- call         end(status) when the call is over
 *     signal: left -> the call is cancelled, the client is told nothing; draining -> the call is cancelled, drain()
 */
export async function bridge(exchange: Exchange, open: (signal: CancelSignal) => Call): Promise<Report> {
  const { incoming, outgoing, signal, stall, progress = new Progress() } = exchange;
  const call = open(signal);
  progress.call = call;
  progress.outgoing = outgoing;
  let failure: RpcError | undefined;
  let cut = false;
  const fail = (reason: unknown) => {
    failure ??= RpcError.from(reason);
    // Its client was not told where it is found: it is for nobody.
    if (outgoing.hasAll === false) call.stop?.();
    call.cancel();
  };

  const endUp = (ended: boolean) => {
    // A half-close tells the service that it has everything, which a client that left never said.
    if (ended && !signal.aborted && failure === undefined) call.halfClose();
  };
  let up: Promise<void> | undefined;
  try {
    const pumped = new Upward(exchange, call, progress).run();
    if (pumped instanceof Promise) up = pumped.then(endUp, fail);
    else endUp(pumped);
  } catch (reason) {
    fail(reason);
  }

  try {
    const begun = await beginAnswer(call, outgoing);
    // The head was all that was wanted.
    if (begun === false) call.cancel();
    else {
      const down = new Downward(exchange, call, progress, begun.first);
      const moved = exchange.slowReader === undefined ? down.run() : down.runBy(exchange.slowReader);
      if (moved instanceof Promise) await moved;
    }
  } catch (reason) {
    fail(reason);
  } finally {
    call.cancel();
    incoming.close();
    stall?.serviceTook();
  }
  if (up !== undefined) await up;
  const callEndedAt = performance.now();

  const cause = signal.aborted ? (signal.reason as AbortCause) : undefined;
  if (cause instanceof RpcError) failure ??= cause;
  const aborted = cause instanceof RpcError ? undefined : cause;
  const ended = failure === undefined ? await call.status : undefined;
  const status = failure?.toStatus() ?? ended ?? (await call.status);
  try {
    if (aborted === 'draining') await bound(outgoing.drain(), stall);
    else if (aborted === undefined) {
      const told = bound(outgoing.end(forClient(status), failure), stall);
      cut = failure instanceof TooSlow && !(await isToldInTime(told));
      if (!cut) await told;
    }
  } catch (reason) {
    failure ??= RpcError.from(reason);
    // A surface that throws an RpcError has told its client so. After a defect nobody tells it anything: it would wait for ever.
    cut = !(reason instanceof RpcError);
  }
  // Nobody takes what was not written by now.
  progress.batch?.release();
  const callCode = (ended ?? (await call.status)).code;
  const hasAll = failure === undefined && outgoing.hasAll === true;
  return {
    status: failure?.toStatus() ?? (hasAll ? ENDED : status),
    callCode: hasAll ? ENDED.code : callCode,
    callEndedAt,
    failure,
    received: progress.received,
    sent: progress.sent,
    dropped: progress.dropped,
    cut,
    aborted: hasAll ? undefined : aborted,
  };
}

function bound(told: Promise<void>, stall: StallLimit | undefined): Promise<void> {
  return stall === undefined ? told : stall.forEnd(told);
}

function forClient(status: Status): Status {
  return status.publicMessage === undefined ? status : { ...status, message: status.publicMessage };
}
