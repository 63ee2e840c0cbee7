import { type ClientReadableStream, type ServiceError, status } from '@grpc/grpc-js';
import { type Backoff, backoffMs } from '../retry/backoff.js';
import { wait } from '../retry/wait.js';
import { callMessages } from './call-messages.js';
import { StreamError } from './stream-error.js';

export interface ResilientStreamOptions<Message> {
  /** The number of a message. A stream counts up by one. */
  readonly idOf: (message: Message) => number;
  /**
   * The last id that is already known: the first message must be the next one. Default: none is known, and the first
   * message may have any id, because old ones may be gone from the service's store.
   */
  readonly startFromId?: number;
  /** Ends the stream with the signal's reason and cancels the RPC. */
  readonly signal?: AbortSignal;
  /** How often in a row to open again; a delivered message starts the count again. Default 5. */
  readonly maxRetries?: number;
  /** Default: at most 500 ms before the first try, doubling, never over 10 s. */
  readonly backoff?: Backoff;
  /** Told before each wait. */
  readonly onRetry?: (retry: { attempt: number; delayMs: number; error: ServiceError | StreamError }) => void;
  /** Told once when the stream that had begun is over, however it ended. */
  readonly onClose?: () => void;
  /** From 0 to below 1. Default `Math.random`. */
  readonly random?: () => number;
  /** Waits so long, or rejects with the reason when the signal aborts. Default: a timer. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * One stream over as many calls as it takes: each message once, in order, none missing. A call that fails with UNAVAILABLE (a
 * dropped connection is that, too) or DEADLINE_EXCEEDED is opened again after the last message that was delivered; any
 * other error, and the last one when the retries are used up, is thrown as it came. What the service repeats is dropped; an id
 * that skips one is DATA_LOSS, never a silent hole. This also heals grpc-js itself, which throws away messages that a
 * slow reader has not pulled when the status is not OK.
 *
 * `open` is given the last id, 0 while none is known, and opens a call. A slow loop pauses the call and the service; leaving the loop cancels it.
 */
export function resilientStream<Message>(
  open: (lastId: number) => ClientReadableStream<Message>,
  options: ResilientStreamOptions<Message>,
): AsyncIterableIterator<Message> {
  const controller = new AbortController();
  const messages = run(open, options, controller);
  return {
    next: () => messages.next(),
    async return() {
      // The abort first: a generator's own return() waits for a next() that may be waiting for a silent service.
      controller.abort(new StreamError(status.CANCELLED, 'the reader has left'));
      await messages.return();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function* run<Message>(
  open: (lastId: number) => ClientReadableStream<Message>,
  options: ResilientStreamOptions<Message>,
  controller: AbortController,
): AsyncGenerator<Message, void, undefined> {
  const { signal } = controller;
  const onAbort = () => controller.abort(options.signal?.reason);
  if (options.signal?.aborted === true) onAbort();
  else options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    yield* deliver(open, options, signal);
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
    options.onClose?.();
  }
}

async function* deliver<Message>(
  open: (lastId: number) => ClientReadableStream<Message>,
  options: ResilientStreamOptions<Message>,
  signal: AbortSignal,
): AsyncGenerator<Message, void, undefined> {
  const { idOf, maxRetries = 5, backoff = { baseMs: 500, maxMs: 10_000 }, random = Math.random } = options;
  let lastId = options.startFromId;
  let failures = 0;
  for (;;) {
    signal.throwIfAborted();
    try {
      for await (const message of callMessages(open(lastId ?? 0), signal)) {
        const id = idOf(message);
        if (lastId !== undefined && id <= lastId) continue;
        if (!Number.isSafeInteger(id) || (lastId !== undefined && id !== lastId + 1)) {
          throw new StreamError(
            status.DATA_LOSS,
            `message ${(lastId ?? 0) + 1} is missing: ${lastId} was followed by ${id}`,
          );
        }
        lastId = id;
        failures = 0;
        yield message;
      }
      return;
    } catch (error) {
      if (signal.aborted || !isRetryable(error) || failures >= maxRetries) throw error;
      failures += 1;
      const delayMs = backoffMs(failures, backoff, random);
      options.onRetry?.({ attempt: failures, delayMs, error });
      await (options.wait ?? wait)(delayMs, signal);
    }
  }
}

function isRetryable(error: unknown): error is ServiceError | StreamError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED;
}
