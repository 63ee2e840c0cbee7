import { Code, SluiceError } from '../../browser/index.js';

/** How a call ended, as the page shows it. */
export interface CallResult {
  readonly code: number;
  readonly status: string;
  readonly message: string;
  readonly details: readonly unknown[];
  /** See `SluiceError`. */
  readonly reason: string | undefined;
  readonly domain: string | undefined;
  /** Trailing metadata; for a unary call the metadata in its response headers. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

const NO_ORIGIN = { reason: undefined, domain: undefined };

/** The end of a call: with OK where there is no reason. */
export function endFrom(reason: unknown, metadata: Readonly<Record<string, unknown>>): CallResult {
  if (reason === undefined)
    return { code: Code.OK, status: 'OK', message: '', details: [], ...NO_ORIGIN, metadata };
  if (reason instanceof SluiceError) {
    const { code, status, message, details, reason: why, domain } = reason;
    return { code, status, message, details, reason: why, domain, metadata };
  }
  const message = reason instanceof Error ? reason.message : String(reason);
  return { code: Code.UNKNOWN, status: 'UNKNOWN', message, details: [], ...NO_ORIGIN, metadata };
}
