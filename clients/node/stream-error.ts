import { status } from '@grpc/grpc-js';

/** What this client found wrong itself; errors of the service stay grpc-js's `ServiceError`. Both have a gRPC `code`. */
export class StreamError extends Error {
  override readonly name = 'StreamError';
  readonly code: status;

  constructor(code: status, message: string) {
    super(message);
    this.code = code;
  }

  override toString(): string {
    return `${status[this.code]}: ${this.message}`;
  }
}
