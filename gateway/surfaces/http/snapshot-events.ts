import { Alarm, type CancelSignal } from '../../async/index.js';
import { formatSseEvent, formatSseRetry } from '../../wire/index.js';
import { type Limits, spread } from '../exchange/index.js';
import type { HttpReply } from './http-reply.js';
import { openResponse } from './open-response.js';
import { startStream } from './reply.js';
import { SSE_HEADERS } from './sse-error.js';

export interface SnapshotEvents {
  readonly intervalMs: number;
  readonly limits: Pick<Limits, 'highWaterBytes' | 'retryMs'>;
  /** Ends the stream: the client comes back. */
  readonly signal: CancelSignal;
  /** How it is now, as one line. It must not throw. */
  readonly now: () => string;
}

/**
 * Sends how something is as one event after the other, the first at once. A client that is behind gets the newest when it has room again, and none of those
 * in between. Resolves when the stream is over; it has no end of its own.
 */
export async function sendSnapshots(
  reply: HttpReply,
  { intervalMs, limits, signal, now }: SnapshotEvents,
): Promise<void> {
  startStream(reply, SSE_HEADERS);
  const sink = openResponse(reply.raw, limits.highWaterBytes);
  let wake: (() => void) | undefined;
  const end = () => wake?.();
  const alarm = new Alarm({ onAlarm: end });
  signal.addEventListener('abort', end);
  reply.raw.once('close', end);
  try {
    while (!signal.aborted && !sink.closed) {
      await sink.write(Buffer.from(formatSseEvent({ data: now() })));
      if (signal.aborted || sink.closed) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
        alarm.set(intervalMs);
      });
    }
    if (!sink.closed) await sink.end(formatSseRetry(spread(limits.retryMs)));
  } finally {
    alarm.clear();
    signal.removeEventListener('abort', end);
    reply.raw.off('close', end);
  }
}
