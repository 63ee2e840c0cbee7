import { type Code, type CodeName, codeName } from './code.js';
import type { JsonObject } from './json.js';

export interface SluiceErrorOptions {
  readonly details?: readonly JsonObject[];
  readonly truncated?: boolean;
  readonly httpStatus?: number;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** The one error of this client: how a call failed, in gRPC's terms, whatever the transport was. */
export class SluiceError extends Error {
  override readonly name = 'SluiceError';
  /** The gRPC number, for example 5. */
  readonly code: Code;
  /** The gRPC name, for example "NOT_FOUND". */
  readonly status: CodeName;
  /** The details of google.rpc.Status as ProtoJSON, each with its `@type`. */
  readonly details: readonly JsonObject[];
  /** The service had sent messages before this error that did not arrive. */
  readonly truncated: boolean;
  /** The HTTP status, when the error came as one. */
  readonly httpStatus: number | undefined;
  /** How long the other side asks to stay away, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(code: Code, message: string, options: SluiceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = codeName(code);
    this.details = options.details ?? [];
    this.truncated = options.truncated ?? false;
    this.httpStatus = options.httpStatus;
    this.retryAfterMs = options.retryAfterMs;
  }

  override toString(): string {
    return `${this.status}: ${this.message}`;
  }
}
