import { Code, type CodeName } from '../shared/code.js';
import type { JsonObject } from '../shared/json.js';
import type { SluiceError } from '../shared/sluice-error.js';

/** How a call ended. For a failed call these are the fields of its `SluiceError`. */
export interface CallStatus {
  /** The gRPC code; 0 is OK. */
  readonly code: Code;
  /** The name of the gRPC code, for example "NOT_FOUND". */
  readonly status: CodeName;
  readonly message: string;
  /** The details of google.rpc.Status as ProtoJSON, each with its `@type`. */
  readonly details: readonly JsonObject[];
  /** See `SluiceError`. Undefined for OK. */
  readonly reason: string | undefined;
  /** See `SluiceError`. Undefined for OK. */
  readonly domain: string | undefined;
}

/** The status of a call that ended with this error, or with OK. */
export function statusFromError(error: SluiceError | undefined): CallStatus {
  const ok = {
    code: Code.OK,
    status: 'OK',
    message: '',
    details: [],
    reason: undefined,
    domain: undefined,
  } as const;
  const { code, status, message, details, reason, domain } = error ?? ok;
  return { code, status, message, details, reason, domain };
}
