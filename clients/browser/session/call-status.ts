import { Code, type CodeName } from '../shared/code.js';
import type { JsonObject } from '../shared/json.js';
import type { SluiceError } from '../shared/sluice-error.js';

/** How a call ended, for the page. */
export interface CallStatus {
  /** The gRPC number; 0 is OK. */
  readonly code: Code;
  /** Its name, for example "NOT_FOUND". */
  readonly status: CodeName;
  readonly message: string;
  /** The details of google.rpc.Status as ProtoJSON, each with its `@type`. */
  readonly details: readonly JsonObject[];
}

/** The status of a call that ended with this error, or without one. */
export function statusFromError(error: SluiceError | undefined): CallStatus {
  if (error === undefined) return { code: Code.OK, status: 'OK', message: '', details: [] };
  const { code, status, message, details } = error;
  return { code, status, message, details };
}
