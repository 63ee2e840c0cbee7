import { type Code, ENDED, RpcError, type Status } from '../status/index.js';
import type { Batch, Call, CancelSignal, Waker } from '../upstream/index.js';
import { beginAnswer } from './begin-answer.js';
import type { AbortCause, Exchange, Outgoing } from './exchange.js';
import { Following } from './following.js';
import { tellGap } from './gap.js';
import { Progress } from './progress.js';
import { bytesOf, pump } from './pump.js';
import { type Downstream, isToldInTime, pumpBySlowReader, TooSlow } from './slow-reader/index.js';
import type { StallLimit } from './stall-limit.js';

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
  const { incoming, outgoing, signal, stall, traffic, progress = new Progress() } = exchange;
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
    const pumped = pump(
      () => {
        stall?.serviceTook();
        return incoming.read();
      },
      (batch) => {
        stall?.serviceGiven();
        return call.write(batch);
      },
      (batch) => {
        const bytes = bytesOf(batch);
        progress.received += batch.length;
        progress.receivedBytes += bytes;
        traffic.up += bytes;
      },
    );
    if (pumped instanceof Promise) up = pumped.then(endUp, fail);
    else endUp(pumped);
  } catch (reason) {
    fail(reason);
  }

  try {
    const begun = await beginAnswer(call, outgoing);
    let first = begun === false ? undefined : begun.first;
    const takeFirst = () => {
      const read = first;
      first = undefined;
      return read;
    };
    const count = (batch: Batch) => {
      progress.batch = batch;
      if (batch.gap !== undefined) tellGap(outgoing, batch.gap);
      progress.sent += batch.count;
      progress.sentBytes += batch.byteLength;
      traffic.down += batch.byteLength;
    };
    // The head was all that was wanted.
    if (begun === false) call.cancel();
    else if (exchange.slowReader === undefined) {
      const bound = (batch: Batch) => {
        const room = writeBound(outgoing, batch, stall);
        // What is held until the next message of an idle stream grows old, and is copied on the way.
        if (batch.isTaken) progress.batch = undefined;
        return room;
      };
      const write =
        outgoing.flushMs === 0 ? bound : (batch: Batch) => writeAndHold(outgoing, bound(batch), signal);
      let following: Following | undefined;
      const taker = () => {
        const outlet = outgoing.flushMs === 0 ? outgoing.outlet : undefined;
        if (outlet !== undefined) following ??= new Following(outlet, traffic, progress, stall);
        return outlet && following;
      };
      const next = (waker: Waker) =>
        takeFirst() ?? (call.next === undefined ? call.read() : call.next(waker, taker()));
      const moved = pump(next, write, count);
      if (moved instanceof Promise) await moved;
    } else {
      const down = {
        outgoing: boundForPolicy(outgoing, stall),
        signal,
        read: () => takeFirst() ?? call.read(),
        count,
        hold: () => hold(outgoing, signal),
        cancel: () => call.cancel(),
      };
      await pumpBySlowReader(exchange.slowReader, down, (messages) => {
        progress.dropped += messages;
        exchange.onDropped?.(messages);
      });
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

/** Writes, and lets the next read wait: the transport gathers what comes in that time, within its own bound. */
async function writeAndHold(
  outgoing: Outgoing,
  written: ReturnType<Outgoing['write']>,
  signal: CancelSignal,
): Promise<false | undefined> {
  if ((await written) === false) return false;
  await hold(outgoing, signal);
  return undefined;
}

/** Writes, and bounds the wait for room. */
function writeBound(
  outgoing: Outgoing,
  batch: Batch,
  stall: StallLimit | undefined,
): ReturnType<Outgoing['write']> {
  // It has told of a gap, and has nothing else.
  if (batch.count === 0) return undefined;
  const room = outgoing.write(batch);
  return room instanceof Promise && stall !== undefined ? stall.forRoom(room) : room;
}

/** Asks for room, and bounds the wait for it: messages wait for the client in a policy as they do in a write. */
function roomBound(outgoing: Outgoing, stall: StallLimit | undefined): number | Promise<void> {
  const room = outgoing.room?.() ?? 1;
  return room instanceof Promise && stall !== undefined ? stall.forRoom(room) : room;
}

/** The same for a policy, which is to know what the surface can do. */
function boundForPolicy(outgoing: Outgoing, stall: StallLimit | undefined): Downstream['outgoing'] {
  return {
    write: (batch) => writeBound(outgoing, batch, stall),
    ...(outgoing.room && { room: () => roomBound(outgoing, stall) }),
    ...(outgoing.roomBytes && { roomBytes: () => outgoing.roomBytes?.() ?? 1 }),
    ...(outgoing.dropped && { dropped: (count: number) => outgoing.dropped?.(count) }),
  };
}

function bound(told: Promise<void>, stall: StallLimit | undefined): Promise<void> {
  return stall === undefined ? told : stall.forEnd(told);
}

function hold({ flushMs }: Outgoing, signal: CancelSignal): Promise<void> | undefined {
  if (flushMs === 0 || signal.aborted) return undefined;
  return new Promise((resolve) => {
    // It ends early when the client leaves.
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, flushMs);
    signal.addEventListener('abort', end);
  });
}

function forClient(status: Status): Status {
  return status.publicMessage === undefined ? status : { ...status, message: status.publicMessage };
}
