import { Code, codeName, ERROR_DOMAIN, type Status } from '../status/index.js';

/** WebSocket close codes that are not 4000 + a gRPC code. Source: RFC 6455 section 7.4.1. */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  policy: 1008,
  tooBig: 1009,
  internal: 1011,
  tryAgainLater: 1013,
} as const;

/** A control frame holds 125 bytes, two of which are the code. Source: RFC 6455 section 5.5. */
const MAX_REASON_BYTES = 123;

/** A close reason cut to what fits, never in the middle of a character. */
export function cutReason(reason: string, maxBytes = MAX_REASON_BYTES): string {
  const bytes = Buffer.from(reason, 'utf8');
  if (bytes.length <= maxBytes) return bytes.toString('utf8');
  let end = maxBytes;
  // Back to the first byte of the character that would be cut.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}

/** The close frame that tells how a call ended. The reason of the gateway is at the end, and is never cut. */
export function closeFromStatus(status: Status): { readonly code: number; readonly reason: string } {
  if (status.code === Code.OK) return { code: CloseCode.normal, reason: '' };
  const text = `${codeName(status.code)}: ${status.message}`;
  if (status.reason === undefined) return { code: 4000 + status.code, reason: cutReason(text) };
  const origin = ` [${ERROR_DOMAIN}/${status.reason}]`;
  return { code: 4000 + status.code, reason: cutReason(text, MAX_REASON_BYTES - origin.length) + origin };
}
