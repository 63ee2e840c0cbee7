import { MAX_TIMER_MS } from '../../retry/wait.js';
import { Code } from './code.js';
import { onPageHide } from './page-lifecycle.js';
import { SluiceError, type SluiceErrorOptions } from './sluice-error.js';

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
  const controller = new AbortController();
  const fail = (code: Code, message: string, options?: SluiceErrorOptions) =>
    controller.abort(new SluiceError(code, message, options));
  let deadline: number | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  if (timeoutMs !== undefined) {
    if (!(timeoutMs > 0 && timeoutMs <= MAX_TIMER_MS)) {
      throw new SluiceError(Code.INVALID_ARGUMENT, `timeoutMs must be from 1 to ${MAX_TIMER_MS}`);
    }
    deadline = performance.now() + timeoutMs;
    timer = setTimeout(
      fail,
      timeoutMs,
      Code.DEADLINE_EXCEEDED,
      `the call did not end within ${timeoutMs} ms`,
    );
  }
  const onAbort = () => {
    const cause: unknown = signal?.reason;
    if (cause instanceof SluiceError) controller.abort(cause);
    else fail(Code.CANCELLED, 'the call was cancelled', { cause });
  };
  const stayOnPageHide = endsWithPage ? onPageHide(() => controller.abort(pageHiddenError())) : undefined;
  if (signal?.aborted === true) onAbort();
  else signal?.addEventListener('abort', onAbort);

  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    remainingMs: () =>
      deadline === undefined ? undefined : Math.max(1, Math.ceil(deadline - performance.now())),
    errorFrom(cause) {
      if (controller.signal.aborted) return controller.signal.reason as SluiceError;
      if (cause instanceof SluiceError) return cause;
      const text = (cause as Partial<Error> | undefined)?.message ?? String(cause);
      return new SluiceError(Code.UNAVAILABLE, `the gateway cannot be reached: ${text}`, { cause });
    },
    close() {
      clearTimeout(timer);
      stayOnPageHide?.();
      signal?.removeEventListener('abort', onAbort);
      fail(Code.CANCELLED, 'the call was cancelled');
    },
  };
}

/** The error of connections that close because the user leaves the page. */
export function pageHiddenError(): SluiceError {
  return new SluiceError(Code.UNAVAILABLE, 'the user left the page');
}
