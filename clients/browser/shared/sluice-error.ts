import { type Code, type CodeName, codeName } from './code.js';
import type { JsonObject } from './json-object.js';

/** The `domain` of the errors of the gateway. */
export const GATEWAY_DOMAIN = 'sluice';

export interface SluiceErrorOptions {
  readonly details?: readonly JsonObject[];
  readonly truncated?: boolean;
  readonly httpStatus?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** The one error class of this client: how a call failed, in gRPC terms, whichever way the call was made. */
export class SluiceError extends Error {
  override readonly name = 'SluiceError';
  /** The gRPC code, for example 5. */
  declare readonly code: Code;
  /** The name of the gRPC code, for example "NOT_FOUND". */
  declare readonly status: CodeName;
  /** The details of google.rpc.Status as ProtoJSON, each with its `@type`. */
  declare readonly details: readonly JsonObject[];
  /**
   * Why the call failed, in the words of `domain`: the `reason` of the first `google.rpc.ErrorInfo` in `details`, for example
   * "PATH_NOT_FOUND". Undefined without such a detail.
   */
  declare readonly reason: string | undefined;
  /** Who refused the call: "sluice" for the gateway, otherwise what the service says in its `google.rpc.ErrorInfo`. Undefined without one. */
  declare readonly domain: string | undefined;
  /** The service had sent messages before this error that were not delivered. */
  declare readonly truncated: boolean;
  /** The HTTP status, if the error arrived as an HTTP response. */
  declare readonly httpStatus: number | undefined;
  /** How long the gateway or service asks clients to wait before the next try, in milliseconds. */
  declare readonly retryAfterMs: number | undefined;

  constructor(code: Code, message: string, options: SluiceErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.status = codeName(code);
    this.details = options.details ?? [];
    const info = this.details.find((detail) => detail['@type'] === ERROR_INFO);
    this.reason = textOf(info?.reason);
    this.domain = textOf(info?.domain);
    this.truncated = options.truncated ?? false;
    this.httpStatus = options.httpStatus;
    this.retryAfterMs = options.retryAfterMs;
  }

  override toString(): string {
    return `${this.status}: ${this.message}`;
  }
}

const ERROR_INFO = 'type.googleapis.com/google.rpc.ErrorInfo';

/** The details of an error of the gateway with this reason (PROTOCOL.md, section 17). */
export function gatewayDetails(reason: string): readonly JsonObject[] {
  return [{ '@type': ERROR_INFO, reason, domain: GATEWAY_DOMAIN }];
}

/** The value if it is a text with letters. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
