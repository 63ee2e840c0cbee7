import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import type { Metadata } from '../status/index.js';
import type { Batch, Call } from '../upstream/index.js';
import type { Outgoing } from './exchange.js';
import { tellStart } from './gap.js';

/**
 * How long after the initial metadata an end of the call still counts as an early one, in milliseconds. Servers that send their
 * metadata first and then refuse do so in one go, but in two segments.
 */
const METADATA_GRACE_MS = 10;

/** The first read, as far as it is. Not alone: who waits for a promise of a promise waits for both. */
interface FirstRead {
  readonly first: Promise<Batch | undefined> | Batch | undefined;
}

/**
 * Waits for the first sign from the service and says `head`. Resolves with the first read, which may be waiting still. Metadata is a
 * sign, unless the end of the call is right behind it: then there is no head, and an early failure keeps its status. Resolves with false
 * when no batch is wanted.
 */
export async function beginAnswer(call: Call, outgoing: Outgoing): Promise<FirstRead | false> {
  let metadata: Metadata | undefined;
  let refused: { readonly reason: unknown } | undefined;
  let areTold = false;
  // Before the read, whose first message comes after it.
  const headers = call.headers.then((value) => {
    metadata = value;
    areTold = true;
    try {
      if (value !== undefined) outgoing.headers?.(value);
    } catch (reason) {
      refused = { reason };
      // Ends the read, and with it every wait below.
      call.cancel();
    }
  });
  /** The read, which fails when the surface could not take the metadata. */
  const taken = (batch: Batch | undefined) => {
    if (refused === undefined) return batch;
    batch?.release();
    throw refused.reason;
  };
  const begun = call.start?.then((start) => tellStart(outgoing, start));
  const first = call.read();
  if (begun !== undefined) await settledOr(begun, first);
  const { headWaitMs } = outgoing;
  if (headWaitMs === Number.POSITIVE_INFINITY) {
    const batch = taken(await first);
    if (batch === undefined || outgoing.head(metadata) !== false) return { first: batch };
    batch.release();
    return false;
  }
  let isWanted = await isOver(first, headers, headWaitMs);
  try {
    if (refused !== undefined) throw (refused as { reason: unknown }).reason;
    isWanted ||= outgoing.head(metadata) !== false;
  } finally {
    if (!isWanted) void first.then((batch) => batch?.release());
  }
  // Metadata that comes late, behind the head, may still be refused.
  return isWanted && { first: areTold ? first : first.then(taken) };
}

/** Waits for a message, or the end, or, within `headWaitMs`, for metadata with nothing behind it. True when it is the end. */
async function isOver(
  first: Promise<Batch | undefined>,
  headers: Promise<void>,
  headWaitMs: number,
): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  // What waits for the first message may wait for hours: all that it holds is this, which is emptied.
  const over: { tell?: ((isOver: boolean) => void) | undefined } = {};
  try {
    // No race: those that lose one are held for as long as the first message does not come.
    return await new Promise<boolean>((resolve, reject) => {
      over.tell = resolve;
      const onTime = () => over.tell?.(false);
      timer = setTimeout(onTime, headWaitMs);
      // One more turn: when we had no time ourselves, the end may have come and lie unread.
      headers
        .then(() => delay(METADATA_GRACE_MS))
        .then(() => turn())
        .then(onTime, reject);
      tellWhenRead(first, over);
    });
  } finally {
    clearTimeout(timer);
    timer = undefined;
    over.tell = undefined;
  }
}

/** A function of its own, whose context has nothing else. */
function tellWhenRead(
  first: Promise<Batch | undefined>,
  over: { readonly tell?: ((isOver: boolean) => void) | undefined },
): void {
  void first.then((batch) => over.tell?.(batch === undefined));
}

/** Waits for it. When it rejects, nobody takes the first messages any more. */
async function settledOr(begun: Promise<void>, first: Promise<Batch | undefined>): Promise<void> {
  try {
    await begun;
  } catch (reason) {
    void first.then((batch) => batch?.release());
    throw reason;
  }
}
