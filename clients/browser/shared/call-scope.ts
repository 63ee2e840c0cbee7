import { MAX_TIMER_MS } from '../../retry/index.js';
import { Code } from './code.js';
import { onPageHide } from './page-lifecycle.js';
import { SluiceError } from './sluice-error.js';

export interface CallScopeOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  /** The scope is that of a connection: it ends with UNAVAILABLE when the page is left. */
  readonly endsWithPage?: boolean;
}

/** The life of one call: everything that may end it early ends `signal`, with a `SluiceError` as the reason. */
export interface CallScope {
  readonly signal: AbortSignal;
  /** Ends the call for a reason of our own. */
  abort(reason: SluiceError): void;
  /** Milliseconds left until the deadline, at least 1; undefined without one. */
  remainingMs(): number | undefined;
  /** What a failed wait means: the reason of the abort if there was one, else UNAVAILABLE with the cause. */
  errorFrom(cause: unknown): SluiceError;
  /** Removes the listeners and the timer, and aborts whatever is still going on. Whoever opens a scope closes it. */
  close(): void;
}

/**
 * Opens a scope. The caller's signal becomes CANCELLED, `timeoutMs` becomes DEADLINE_EXCEEDED; a timeout that is not a
 * positive number fails with INVALID_ARGUMENT. The clock also runs here, not only at the service, so that a gateway
 * out of reach cannot hold a call.
 */
export function openCallScope({ signal, timeoutMs, endsWithPage = false }: CallScopeOptions): CallScope {
  if (timeoutMs !== undefined && !(timeoutMs > 0 && timeoutMs <= MAX_TIMER_MS)) {
    throw new SluiceError(Code.INVALID_ARGUMENT, `timeoutMs must be between 1 and ${MAX_TIMER_MS}`);
  }
  const controller = new AbortController();
  const deadline = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
  const onAbort = () => {
    const reason: unknown = signal?.reason;
    controller.abort(
      reason instanceof SluiceError
        ? reason
        : new SluiceError(Code.CANCELLED, 'the call was cancelled', { cause: reason }),
    );
  };
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          controller.abort(new SluiceError(Code.DEADLINE_EXCEEDED, `no end within ${timeoutMs} ms`));
        }, timeoutMs);
  const stay = endsWithPage ? onPageHide(() => controller.abort(pageHiddenError())) : undefined;
  if (signal?.aborted === true) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });

  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    remainingMs: () =>
      deadline === undefined ? undefined : Math.max(1, Math.ceil(deadline - performance.now())),
    errorFrom(cause) {
      if (controller.signal.aborted) return controller.signal.reason as SluiceError;
      if (cause instanceof SluiceError) return cause;
      const text = cause instanceof Error ? cause.message : String(cause);
      return new SluiceError(Code.UNAVAILABLE, `the gateway cannot be reached: ${text}`, { cause });
    },
    close() {
      clearTimeout(timer);
      stay?.();
      signal?.removeEventListener('abort', onAbort);
      controller.abort(new SluiceError(Code.CANCELLED, 'the call is over'));
    },
  };
}

/** What the calls of a page that is left end with. */
export function pageHiddenError(): SluiceError {
  return new SluiceError(Code.UNAVAILABLE, 'the page was left');
}
