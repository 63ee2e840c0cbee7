import { Code, codeName } from './code.js';
import type { Status, StatusDetail } from './status.js';

export interface RpcErrorOptions {
  /** Machine-readable details, as in google.rpc.Status. */
  readonly details?: readonly StatusDetail[];
  /** What really happened; for the log, never for the client. */
  readonly cause?: unknown;
  /** An HTTP status that says more than the code's own, for example 405 or 415. */
  readonly httpStatus?: number;
  /** HTTP headers that belong to that status, for example `allow`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The one error of the gateway: a gRPC code and a text that the client may read. Whatever else is thrown
 * is a defect of ours, and `RpcError.from` keeps its text from the client.
 */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: Code;
  readonly details: readonly StatusDetail[];
  readonly httpStatus: number | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: Code, message: string, options: RpcErrorOptions = {}) {
    super(cut(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? [];
    this.httpStatus = options.httpStatus;
    this.headers = options.headers ?? {};
  }

  /** The funnel for every catch. An unknown failure becomes INTERNAL without its text, which stays in `cause`. */
  static from(reason: unknown): RpcError {
    if (reason instanceof RpcError) return reason;
    return new RpcError(Code.INTERNAL, 'internal error', { cause: reason });
  }

  /** The same as the end of a call. */
  toStatus(): Status {
    return { code: this.code, message: this.message, details: this.details, trailers: [], truncated: false };
  }

  override toString(): string {
    return `${codeName(this.code)}: ${this.message}`;
  }
}

/** Characters of an error's text that are kept: it often quotes what was wrong, and that may be megabytes. */
const MAX_MESSAGE_LENGTH = 1_000;

function cut(message: string): string {
  return message.length <= MAX_MESSAGE_LENGTH
    ? message
    : `${message.slice(0, MAX_MESSAGE_LENGTH).toWellFormed()}...`;
}
