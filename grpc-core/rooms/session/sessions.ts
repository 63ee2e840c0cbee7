import { setMaxListeners } from 'node:events';
import { status } from '@grpc/grpc-js';
import { CoreError, invalid } from '../../base/index.js';
import type { CallContext } from '../../rpc/index.js';
import { Merge } from './merge.js';

/** A stream's place in one room. */
export interface Seat<Request, Response> {
  /** What the member gets. Ends when the session's signal aborts, or after `finish`. Read once. */
  readonly responses: AsyncIterable<Response>;
  /** Does what the request asks. One at a time. A `CoreError` ends the stream with its code. */
  accept(request: Request): Promise<void>;
  /** The member sends nothing more: `responses` ends after everything it had sent has come back. */
  finish(): void;
  /** The member is gone. Called once, after the last `accept` is over. */
  leave(): Promise<void>;
}

/** Where streams get their seats. */
export interface Desk<Request, Response> {
  /** The field that names the room, for messages. */
  readonly roomField: string;
  /** The room a request is for. A `CoreError` when the request cannot be meant. */
  room(request: Request): string;
  /** A seat for the stream whose first request to that room this is; the request itself goes to `accept` afterwards. */
  open(room: string, request: Request, signal: AbortSignal): Promise<Seat<Request, Response>>;
}

/** Rooms one stream may be in at once; more is INVALID_ARGUMENT. Each costs what `trail` reads ahead. */
export const MAX_ROOMS_PER_STREAM = 16;

/**
 * Streams of which each sits in one or several rooms. Requests are read beside the responses, so a member that does not read
 * may still send, and each seat serves at the reader's own pace.
 *
 *     request -> room(request) -> open, the first time -> accept -> next request
 *     half-close, or a refused request -> finish every seat -> all delivered -> leave -> OK, or the refusal's code
 *     caller gone, or close() -> abort -> leave
 */
export class Sessions {
  readonly #endings = new Set<Promise<void>>();
  readonly #aborts = new Set<() => void>();
  #closed = false;

  /** Holds one stream. The iteration ends with the stream; leaving is done by then, also when the caller just vanished. */
  async *hold<Request, Response>(
    requests: AsyncIterable<Request>,
    context: CallContext,
    desk: Desk<Request, Response>,
  ): AsyncGenerator<Response, void, undefined> {
    const seats = new Map<string, Seat<Request, Response>>();
    const merge = new Merge<Response>();
    const over = new AbortController();
    // Each seat listens, and the reading of requests.
    setMaxListeners(MAX_ROOMS_PER_STREAM + 2, over.signal);
    const abort = () => over.abort();
    const reading = readAll(requests, desk, seats, merge, over.signal);

    // Not in `finally` alone: a generator that waits at a `yield` for a reader that has gone would never come there.
    const leave = async (): Promise<void> => {
      context.signal.removeEventListener('abort', abort);
      this.#aborts.delete(abort);
      merge.stop(this.#closed ? closed() : undefined);
      await reading;
      for (const result of await Promise.allSettled([...seats.values()].map((seat) => seat.leave()))) {
        if (result.status === 'rejected') context.log.error({ err: result.reason }, 'leaving a room failed');
      }
      this.#endings.delete(ending);
    };
    const ending = new Promise<void>((resolve) => {
      over.signal.addEventListener('abort', () => resolve(), { once: true });
    }).then(leave);
    this.#endings.add(ending);
    context.signal.addEventListener('abort', abort);
    this.#aborts.add(abort);
    if (context.signal.aborted || this.#closed) abort();

    try {
      yield* merge;
    } finally {
      abort();
      await ending;
    }
  }

  /** Ends every stream with UNAVAILABLE and resolves when all have left their rooms. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const abort of this.#aborts) abort();
    await Promise.allSettled([...this.#endings]);
  }
}

function closed(): CoreError {
  return new CoreError(status.UNAVAILABLE, 'the core is shutting down');
}

// Never rejects: what goes wrong ends the merged responses, after what was there before.
async function readAll<Request, Response>(
  requests: AsyncIterable<Request>,
  desk: Desk<Request, Response>,
  seats: Map<string, Seat<Request, Response>>,
  merge: Merge<Response>,
  signal: AbortSignal,
): Promise<void> {
  const iterator = requests[Symbol.asyncIterator]();
  let reason: unknown;
  try {
    for (;;) {
      const next = await nextUnlessAborted(iterator, signal);
      if (next === undefined || next.done === true) break;
      const room = desk.room(next.value);
      let seat = seats.get(room);
      if (seat === undefined) {
        if (seats.size >= MAX_ROOMS_PER_STREAM) {
          throw invalid(desk.roomField, `one stream may use at most ${MAX_ROOMS_PER_STREAM}`);
        }
        seat = await desk.open(room, next.value, signal);
        seats.set(room, seat);
        merge.add(seat.responses);
      }
      await seat.accept(next.value);
    }
  } catch (error) {
    reason = error;
    iterator.return?.().catch(() => undefined);
  }
  for (const seat of seats.values()) seat.finish();
  merge.end(reason);
}

// A race with one promise for the whole stream would keep a reaction for every request until the stream ends.
function nextUnlessAborted<T>(
  iterator: AsyncIterator<T>,
  signal: AbortSignal,
): Promise<IteratorResult<T> | undefined> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      resolve(undefined);
      iterator.return?.().catch(() => undefined);
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    iterator
      .next()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}
