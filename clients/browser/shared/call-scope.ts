import { MAX_TIMER_MS } from '../../retry/wait.js';
import { Code } from './code.js';
import { onPageHide } from './page-lifecycle.js';
import { SluiceError } from './sluice-error.js';

export interface CallScopeOptions {
  /** Aborting it ends the scope with CANCELLED, or with the reason if that is a `SluiceError`. */
  readonly signal?: AbortSignal | undefined;
  /** The deadline, in milliseconds from now. Default: none. */
  readonly timeoutMs?: number | undefined;
  /** The scope belongs to a connection: it ends with UNAVAILABLE when the user leaves the page. Default false. */
  readonly endsWithPage?: boolean;
}

/** The lifetime of a call or of one connection. Everything that ends it early aborts `signal`, with a `SluiceError` as the reason. */
export interface CallScope {
  readonly signal: AbortSignal;
  /** Ends the scope with this error. Only the first end counts. */
  abort(reason: SluiceError): void;
  /** Milliseconds until the deadline, at least 1; undefined without a deadline. */
  remainingMs(): number | undefined;
  /** The error of a wait that failed: the reason of the abort if there was one, else UNAVAILABLE with the cause. */
  errorFrom(cause: unknown): SluiceError;
  /** Removes the listeners and the timer, and aborts the work that still runs. The code that opens a scope closes it. */
  close(): void;
}

/**
 * Opens a scope. A `timeoutMs` that is not from 1 to 2^31-1 throws INVALID_ARGUMENT. The deadline is kept here as well as at the service,
 * so that a gateway out of reach cannot hold a call.
 */
export function openCallScope({ signal, timeoutMs, endsWithPage = false }: CallScopeOptions): CallScope {
  if (timeoutMs !== undefined && !(timeoutMs > 0 && timeoutMs <= MAX_TIMER_MS)) {
    throw new SluiceError(Code.INVALID_ARGUMENT, `timeoutMs must be from 1 to ${MAX_TIMER_MS}`);
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
          controller.abort(
            new SluiceError(Code.DEADLINE_EXCEEDED, `the call did not end within ${timeoutMs} ms`),
          );
        }, timeoutMs);
  const removeOnPageHide = endsWithPage
    ? onPageHide(() => controller.abort(pageHiddenError()))
    : () => undefined;
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
      removeOnPageHide();
      signal?.removeEventListener('abort', onAbort);
      controller.abort(new SluiceError(Code.CANCELLED, 'the call is over'));
    },
  };
}

/** The error of connections that close because the user leaves the page. */
export function pageHiddenError(): SluiceError {
  return new SluiceError(Code.UNAVAILABLE, 'the user left the page');
}
