import { Code, codeName } from './code.js';
import { detailsOfReason, type ErrorMetadata } from './error-info.js';
import { codeOfReason, httpStatusOfReason, type Reason } from './reason.js';
import { retryInfo } from './retry-info.js';
import type { Status } from './status.js';
import type { StatusDetail } from './status-detail.js';

export interface RpcErrorOptions {
  /** What a machine may want to know besides the reason, for example the name of a limit. */
  readonly metadata?: ErrorMetadata;
  /** What really happened; for the log, never for the client. */
  readonly cause?: unknown;
  /** What the log says in place of the text for the client. */
  readonly problem?: string;
  /** Where what happened decides the code, and not the reason. */
  readonly code?: Code;
  /** An HTTP status instead of that of the reason. */
  readonly httpStatus?: number;
  /** When the same may be tried again, in milliseconds: `Retry-After` in whole seconds, and a google.rpc.RetryInfo. */
  readonly retryAfterMs?: number;
  /** HTTP headers that belong to that status, for example `allow`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The one error of the gateway: a reason, which has a gRPC code, and a text that the client may read. Whatever else is thrown
 * is a defect of ours, and `RpcError.from` keeps its text from the client.
 */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly reason: Reason;
  readonly code: Code;
  readonly httpStatus: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** What is wrong, for the log: the text for the client, unless it is told less. */
  readonly problem: string;
  readonly retryAfterMs: number | undefined;
  readonly #metadata: ErrorMetadata | undefined;
  /** What it was put into last, and by what. */
  #form: { readonly make: unknown; readonly made: unknown } | undefined;

  constructor(reason: Reason, message: string, options: RpcErrorOptions = {}) {
    const code = options.code ?? codeOfReason(reason);
    const { stackTraceLimit } = Error;
    // A client may be refused as often as it likes: where in our code that was is half of what the error would cost, and only of defects it is of interest.
    if (!isDefect({ code, reason })) Error.stackTraceLimit = 0;
    super(cut(message), options.cause === undefined ? undefined : { cause: options.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.reason = reason;
    this.code = code;
    this.httpStatus = options.httpStatus ?? httpStatusOfReason(reason);
    this.problem = options.problem === undefined ? this.message : cut(options.problem);
    this.retryAfterMs = options.retryAfterMs;
    this.headers =
      options.retryAfterMs === undefined
        ? (options.headers ?? {})
        : { ...options.headers, 'retry-after': String(Math.max(1, Math.ceil(options.retryAfterMs / 1_000))) };
    this.#metadata = options.metadata;
  }

  /** The funnel for every catch. An unknown failure becomes INTERNAL without its text, which stays in `cause`. */
  static from(reason: unknown): RpcError {
    if (reason instanceof RpcError) return reason;
    return new RpcError('INTERNAL', 'internal error', { cause: reason });
  }

  /** A google.rpc.ErrorInfo with the reason, and a google.rpc.RetryInfo where it is known when to try again. */
  get details(): readonly StatusDetail[] {
    const details = detailsOfReason(this.reason, this.#metadata);
    return this.retryAfterMs === undefined ? details : [...details, retryInfo(this.retryAfterMs)];
  }

  /** The same as the end of a call. */
  toStatus(): Status {
    const { code, message, reason, details } = this;
    return { code, message, reason, details, trailers: [], truncated: false };
  }

  /** What `make` makes of it, which depends on nothing else: an error that refuses many clients in the same way is put into words once. */
  as<Form>(make: (error: RpcError) => Form): Form {
    if (this.#form?.make !== make) this.#form = { make, made: make(this) };
    return this.#form.made as Form;
  }

  override toString(): string {
    return `${codeName(this.code)}: ${this.message}`;
  }
}

/** Whether it is INTERNAL because of what happened on our side: gRPC has clients' mistakes that are INTERNAL too, but those have another reason. */
export function isDefect({ code, reason }: Pick<RpcError, 'code' | 'reason'>): boolean {
  return code === Code.INTERNAL && codeOfReason(reason) === Code.INTERNAL;
}

/** Characters of an error's text that are kept: it often quotes what was wrong, and that may be megabytes. */
const MAX_MESSAGE_LENGTH = 1_000;

function cut(message: string): string {
  return message.length <= MAX_MESSAGE_LENGTH
    ? message
    : `${message.slice(0, MAX_MESSAGE_LENGTH).toWellFormed()}...`;
}
