import { status } from '@grpc/grpc-js';

/** An error of this client. Errors of the service are a `ServiceError` of grpc-js. Both have a gRPC `code`. */
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
