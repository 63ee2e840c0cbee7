import { setMaxListeners } from 'node:events';
import { status } from '@grpc/grpc-js';
import { CoreError, invalid } from '../../base/index.js';
import type { CallContext } from '../../rpc/index.js';
import { Merge } from './merge.js';

/** A stream in one room. */
export interface Member<Request, Response> {
  /** What the member gets. Ends when the stream's signal aborts, or after `finish`. Read once. */
  readonly responses: AsyncIterable<Response>;
  /** Does what the request asks. One at a time. A `CoreError` ends the stream with its code. */
  accept(request: Request): Promise<void>;
  /** The member sends nothing more: `responses` ends after everything it had sent has come back. */
  finish(): void;
  /** The member is gone. Called once, after the last `accept` is over. */
  leave(): Promise<void>;
}

/** One kind of room: which room a request is for, and how a stream becomes a member of it. */
export interface RoomKind<Request, Response> {
  /** The field that names the room, for messages. */
  readonly roomField: string;
  /** The room a request is for. A `CoreError` when the request cannot be meant. */
  room(request: Request): string;
  /** A member for the stream whose first request to that room this is; the request itself goes to `accept` afterwards. */
  open(room: string, request: Request, signal: AbortSignal): Promise<Member<Request, Response>>;
}

/** Rooms one stream may be in at once; more is INVALID_ARGUMENT. Each costs what `trail` reads ahead. */
export const MAX_ROOMS_PER_STREAM = 16;

/**
 * Streams, each of which is a member of one or several rooms. Requests are read beside the responses, so a member that does not read
 * may still send, and each member serves at the reader's own pace.
 *
 *     request -> room(request) -> open, the first time -> accept -> next request
 *     half-close, or a refused request -> finish every member -> all delivered -> leave -> OK, or the refusal's code
 *     caller gone, or close() -> abort -> leave
 */
export class RoomStreams {
  readonly #endings = new Set<Promise<void>>();
  readonly #aborts = new Set<() => void>();
  #closed = false;

  /** Holds one stream. The iteration ends with the stream; leaving is done by then, also when the caller just vanished. */
  async *hold<Request, Response>(
    requests: AsyncIterable<Request>,
    context: CallContext,
    kind: RoomKind<Request, Response>,
  ): AsyncGenerator<Response, void, undefined> {
    const members = new Map<string, Member<Request, Response>>();
    const merge = new Merge<Response>();
    const over = new AbortController();
    // Each member listens, and the reading of requests.
    setMaxListeners(MAX_ROOMS_PER_STREAM + 2, over.signal);
    const abort = () => over.abort();
    const reading = readAll(requests, kind, members, merge, over.signal);

    // Not in `finally` alone: a generator that waits at a `yield` for a reader that has gone would never come there.
    const leave = async (): Promise<void> => {
      context.signal.removeEventListener('abort', abort);
      this.#aborts.delete(abort);
      merge.stop(this.#closed ? closed() : undefined);
      await reading;
      for (const result of await Promise.allSettled([...members.values()].map((member) => member.leave()))) {
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
  kind: RoomKind<Request, Response>,
  members: Map<string, Member<Request, Response>>,
  merge: Merge<Response>,
  signal: AbortSignal,
): Promise<void> {
  const iterator = requests[Symbol.asyncIterator]();
  let reason: unknown;
  try {
    for (;;) {
      const next = await nextUnlessAborted(iterator, signal);
      if (next === undefined || next.done === true) break;
      const room = kind.room(next.value);
      let member = members.get(room);
      if (member === undefined) {
        if (members.size >= MAX_ROOMS_PER_STREAM) {
          throw invalid(kind.roomField, `one stream may use at most ${MAX_ROOMS_PER_STREAM}`);
        }
        member = await kind.open(room, next.value, signal);
        members.set(room, member);
        merge.add(member.responses);
      }
      await member.accept(next.value);
    }
  } catch (error) {
    reason = error;
    iterator.return?.().catch(() => undefined);
  }
  for (const member of members.values()) member.finish();
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
