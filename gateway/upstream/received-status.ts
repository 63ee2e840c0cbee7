import {
  type Code,
  codeFromNumber,
  codeOfReason,
  detailsOfReason,
  type Metadata,
  type Reason,
  type Status,
} from '../status/index.js';
import { parseRichStatus } from './status-details.js';

/** What a status of our own making may have besides its reason and text. */
export interface LocalStatusOptions {
  /** What clients read instead of the message, which is not for them. */
  readonly publicMessage?: string;
  /** Where what happened decides the code, and not the reason. */
  readonly code?: Code;
  /** See `Status.isBroken`. */
  readonly isBroken?: true;
  /** See `Status.httpStatus`. */
  readonly httpStatus?: number;
}

/** A status of our own making: nothing came from the service. */
export function localStatus(reason: Reason, message: string, options: LocalStatusOptions = {}): Status {
  const { code = codeOfReason(reason), ...said } = options;
  return { code, message, reason, details: detailsOfReason(reason), trailers: [], truncated: false, ...said };
}

/**
 * A status as the service sent it. Where `grpc-status-details-bin` carries the same code, its message wins: it
 * has been through no percent-encoding on the way, of which there are two in the field.
 */
export function receivedStatus(
  code: number,
  message: string,
  detailsBytes: Uint8Array | undefined,
  trailers: Metadata,
  truncated: boolean,
): Status {
  const rich = detailsBytes && parseRichStatus(detailsBytes);
  return {
    code: codeFromNumber(code),
    message: rich !== undefined && rich.code === code && rich.message !== '' ? rich.message : message,
    details: rich?.details ?? [],
    trailers,
    truncated,
  };
}
