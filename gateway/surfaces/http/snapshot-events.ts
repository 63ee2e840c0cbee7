import { Alarm, type CancelSignal } from '../../async/index.js';
import { formatSseEvent, formatSseRetry } from '../../wire/index.js';
import { type Limits, spread } from '../exchange/index.js';
import type { HttpReply } from './http-reply.js';
import { openResponse } from './open-response.js';
import { startStream } from './reply.js';
import { SSE_HEADERS } from './sse-error.js';

/** How long a client may take the end, in milliseconds. */
const LAST_MS = 2_000;

export interface SnapshotEvents {
  readonly intervalMs: number;
  readonly limits: Pick<Limits, 'highWaterBytes' | 'retryMs' | 'maxPauseMs'>;
  /** Ends the stream: the client comes back. */
  readonly signal: CancelSignal;
  /** How it is now, as one line. It must not throw. */
  readonly now: () => string;
  /** Closes the connection of a client that takes nothing for `maxPauseMs`, or not the end. */
  readonly cut: () => void;
}

/**
 * Sends how something is as one event after the other, the first at once. A client that is behind gets the newest when it has room again, and none of those
 * in between. Resolves when the stream is over; it has no end of its own.
 */
export async function sendSnapshots(
  reply: HttpReply,
  { intervalMs, limits, signal, now, cut }: SnapshotEvents,
): Promise<void> {
  startStream(reply, SSE_HEADERS);
  const sink = openResponse(reply.raw, limits.highWaterBytes);
  let wake: (() => void) | undefined;
  let isBehind = false;
  const end = () => (isBehind ? cut() : wake?.());
  const alarm = new Alarm({ onAlarm: end });
  const taken = async (wait: Promise<void> | undefined, atMostMs: number) => {
    if (wait === undefined) return;
    isBehind = true;
    alarm.set(atMostMs);
    await wait;
    alarm.clear();
    isBehind = false;
  };
  signal.addEventListener('abort', end);
  reply.raw.once('close', end);
  try {
    while (!signal.aborted && !sink.closed) {
      await taken(sink.write(Buffer.from(formatSseEvent({ data: now() }))), limits.maxPauseMs);
      if (signal.aborted || sink.closed) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
        alarm.set(intervalMs);
      });
    }
    if (!sink.closed) await taken(sink.end(formatSseRetry(spread(limits.retryMs))), LAST_MS);
  } finally {
    alarm.clear();
    signal.removeEventListener('abort', end);
    reply.raw.off('close', end);
  }
}
