import { type ClientReadableStream, type ServiceError, status } from '@grpc/grpc-js';
import { type Backoff, backoffMs } from '../retry/backoff.js';
import { wait } from '../retry/wait.js';
import { callMessages } from './call-messages.js';
import { StreamError } from './stream-error.js';

export interface ResilientStreamOptions<Message> {
  /** The number of a message. The numbers of a stream increase by one. */
  readonly idOf: (message: Message) => number;
  /**
   * The last id that the caller has: the first message must be the next one. Default: none, and the first message may have any id,
   * because the service may have deleted old ones.
   */
  readonly startFromId?: number;
  /** Aborting it ends the stream with the signal's reason and cancels the call. */
  readonly signal?: AbortSignal;
  /** How many retries in a row may fail; a message that is delivered starts the count again. Default 5. */
  readonly maxRetries?: number;
  /** The waits between retries. Default: at most 500 ms before the first one, doubling each time up to 10 s. */
  readonly backoff?: Backoff;
  /** Called before each wait. */
  readonly onRetry?: (retry: { attempt: number; delayMs: number; error: ServiceError | StreamError }) => void;
  /** Called once when a stream that has begun is over, however it ended. */
  readonly onClose?: () => void;
  /** A random number from 0 to below 1. Default `Math.random`. */
  readonly random?: () => number;
  /** Waits this long, or rejects with the signal's reason. Default: a timer. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * One stream over several calls: each message once and in order. After UNAVAILABLE, which includes a lost connection, and after
 * DEADLINE_EXCEEDED a new call resumes after the last message delivered. Any other error is thrown, and the last one when the
 * retries are used up. Repeated messages are dropped. A missing id throws DATA_LOSS. Resuming also recovers the messages that grpc-js
 * drops when a call fails before a slow reader has taken them.
 *
 * `open` gets the last id, or 0 without one, and opens a call. A slow loop pauses the call and the service; leaving the loop cancels it.
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
      // Aborts first: the generator's own return() would wait for a pending next(), which may wait for a silent service.
      controller.abort(new StreamError(status.CANCELLED, 'the reader left the stream'));
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
