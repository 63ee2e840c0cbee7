import { type Code, codeFromNumber, type Metadata, type Status } from '../status/index.js';
import { parseRichStatus } from './status-details.js';

/** A status of our own making: nothing came from the service. `publicMessage` where the message is not for clients. */
export function localStatus(code: Code, message: string, publicMessage?: string): Status {
  const status = { code, message, details: [], trailers: [], truncated: false };
  return publicMessage === undefined ? status : { ...status, publicMessage };
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
