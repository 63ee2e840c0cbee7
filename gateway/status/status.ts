import { Code } from './code.js';
import type { Metadata } from './metadata.js';
import type { Reason } from './reason.js';
import type { StatusDetail } from './status-detail.js';

/** How a call ended. */
export interface Status {
  readonly code: Code;
  readonly message: string;
  /** What a client may read instead of `message`, where that says something of our side, such as an address. */
  readonly publicMessage?: string;
  /** Why, when the gateway itself made this status; absent when the service did. The details say the same to clients. */
  readonly reason?: Reason;
  readonly details: readonly StatusDetail[];
  /** The trailing metadata, without `grpc-status`, `grpc-message` and `grpc-status-details-bin`. */
  readonly trailers: Metadata;
  /** Messages that the service had sent were lost before this status; a client should resume or ask again. */
  readonly truncated: boolean;
  /** The connection or the stream broke: the service has not ended the call. Absent: it has, or the gateway has. */
  readonly isBroken?: true;
  /** The status of HTTP, where what answered was no gRPC. */
  readonly httpStatus?: number;
}

/** The end of a call that went well, and of one that is over already. */
export const ENDED: Status = { code: Code.OK, message: '', details: [], trailers: [], truncated: false };
