import { status } from '@grpc/grpc-js';

/** The one error of the core: a gRPC code and a text that the caller may read. */
export class CoreError extends Error {
  override readonly name = 'CoreError';
  readonly code: status;

  constructor(code: status, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  /** The funnel for every catch: an unknown failure becomes INTERNAL without its text, which stays in `cause`. */
  static from(reason: unknown): CoreError {
    if (reason instanceof CoreError) return reason;
    return new CoreError(status.INTERNAL, 'internal error', { cause: reason });
  }
}

/** INVALID_ARGUMENT that names the field: `invalid('chunk_size', 'must not be negative')`. */
export function invalid(field: string, problem: string): CoreError {
  return new CoreError(status.INVALID_ARGUMENT, `${field}: ${problem}`);
}
