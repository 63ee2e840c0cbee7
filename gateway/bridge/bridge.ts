import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { type Metadata, RpcError, type Status } from '../status/index.js';
import type { Batch, Call } from '../upstream/index.js';
import type { AbortCause, Exchange, Outgoing } from './exchange.js';
import { bytesOf, pump } from './pump.js';
import { isToldInTime, pumpBySlowReader, TooSlow } from './slow-reader/index.js';

/**
 * How long after the initial metadata an end of the call still counts as an early one, in milliseconds. Servers that send their
 * metadata first and then refuse do so in one go, but in two segments.
 */
const METADATA_GRACE_MS = 10;

/** What a finished exchange was, for the log and the metrics. */
export interface Report {
  /** What the browser was told, or would have been. */
  readonly status: Status;
  /** The failure of our own making or the browser's bad input, with its cause; absent when the service ended the call. */
  readonly failure: RpcError | undefined;
  /** Messages taken from the browser. */
  readonly received: number;
  /** Messages taken from the service. */
  readonly sent: number;
  /** Those of them that were not delivered because the browser was slow (`Exchange.slowReader`). */
  readonly dropped: number;
  /** The browser was too slow even to be told that it is: whoever opened its connection destroys it. */
  readonly cut: boolean;
  /** The browser left, or the gateway drained, before the end. */
  readonly aborted: 'left' | 'draining' | undefined;
}

/**
 * Joins one exchange to one call: two pumps, one signal. Resolves when both directions are over, the call is
 * cancelled or ended, and the browser was told; never rejects.
 *
 *     browser --incoming--> pump --write--> call         half-close when incoming ends; bad input cancels the call
 *     browser <--outgoing-- pump <--read--- call         end(status) when the call is over
 *     signal: left -> the call is cancelled, nobody is told; draining -> the call is cancelled, drain()
 */
export async function bridge(exchange: Exchange, open: (signal: AbortSignal) => Call): Promise<Report> {
  const { incoming, outgoing, signal, traffic } = exchange;
  const call = open(signal);
  let failure: RpcError | undefined;
  let received = 0;
  let sent = 0;
  let dropped = 0;
  let cut = false;
  const fail = (reason: unknown) => {
    failure ??= RpcError.from(reason);
    call.cancel();
  };

  const up = pump(
    () => incoming.read(),
    (batch) => call.write(batch),
    (batch) => {
      received += batch.length;
      traffic.up += bytesOf(batch);
    },
  ).then((ended) => {
    // A half-close tells the service that it has everything, which a browser that left never said.
    if (ended && !signal.aborted && failure === undefined) call.halfClose();
  }, fail);

  try {
    const begun = await headThenFirst(call, outgoing);
    // The head was all that was wanted.
    let first = begun === false ? undefined : begun;
    const read = () => {
      const batch = first;
      first = undefined;
      return batch === undefined ? call.read() : Promise.resolve(batch);
    };
    const count = (batch: Batch) => {
      sent += batch.length;
      traffic.down += bytesOf(batch);
    };
    if (begun === false) call.cancel();
    else if (exchange.slowReader === undefined) {
      const write =
        outgoing.flushMs === 0
          ? (batch: Batch) => outgoing.write(batch)
          : (batch: Batch) => writeAndHold(outgoing, batch, signal);
      await pump(read, write, count);
    } else {
      const down = {
        outgoing,
        signal,
        read,
        count,
        hold: () => hold(outgoing, signal),
        cancel: () => call.cancel(),
      };
      await pumpBySlowReader(exchange.slowReader, down, (messages) => {
        dropped += messages;
        exchange.onDropped?.(messages);
      });
    }
  } catch (reason) {
    fail(reason);
  } finally {
    call.cancel();
    incoming.close();
  }
  await up;

  const cause = signal.aborted ? (signal.reason as AbortCause) : undefined;
  if (cause instanceof RpcError) failure ??= cause;
  const aborted = cause instanceof RpcError ? undefined : cause;
  const status = failure?.toStatus() ?? (await call.status);
  try {
    if (aborted === 'draining') await outgoing.drain();
    else if (aborted === undefined) {
      const told = outgoing.end(forClient(status), failure);
      cut = failure instanceof TooSlow && !(await isToldInTime(told));
      if (!cut) await told;
    }
  } catch (reason) {
    failure ??= RpcError.from(reason);
  }
  return { status: failure?.toStatus() ?? status, failure, received, sent, dropped, cut, aborted };
}

/**
 * Waits for the first sign from the service, says `head`, and resolves with the first batch. Metadata is a
 * sign, unless the end of the call is right behind it: then there is no head, and an early failure keeps its status. Resolves with false
 * when no batch is wanted.
 */
async function headThenFirst(call: Call, outgoing: Outgoing): Promise<Batch | false | undefined> {
  let metadata: Metadata | undefined;
  let over = false;
  const first = call.read().then((batch) => {
    over = batch === undefined;
    return batch;
  });
  const headers = call.headers.then((value) => {
    metadata = value;
  });
  if (outgoing.headWaitMs === Number.POSITIVE_INFINITY) {
    await first;
  } else {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, outgoing.headWaitMs);
    });
    // One more turn: when we had no time ourselves, the end may have come and lie unread.
    const grace = headers.then(() => delay(METADATA_GRACE_MS)).then(() => turn());
    await Promise.race([first, grace, patience]);
    clearTimeout(timer);
  }
  if (!over && outgoing.head(metadata) === false) return false;
  return await first;
}

/** Writes, and lets the next read wait: the transport gathers what comes in that time, within its own bound. */
async function writeAndHold(
  outgoing: Outgoing,
  batch: Batch,
  signal: AbortSignal,
): Promise<false | undefined> {
  if ((await outgoing.write(batch)) === false) return false;
  await hold(outgoing, signal);
  return undefined;
}

function hold({ flushMs }: Outgoing, signal: AbortSignal): Promise<void> | undefined {
  if (flushMs === 0) return undefined;
  // The hold ends early when the browser leaves.
  return delay(flushMs, undefined, { signal }).catch(() => {});
}

function forClient(status: Status): Status {
  return status.publicMessage === undefined ? status : { ...status, message: status.publicMessage };
}
