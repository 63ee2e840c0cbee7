import { Code, codeName, type Status } from '../status/index.js';

/** WebSocket close codes that are not 4000 + a gRPC code. Source: RFC 6455 section 7.4.1. */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  policy: 1008,
  tooBig: 1009,
  internal: 1011,
} as const;

/** A control frame holds 125 bytes, two of which are the code. Source: RFC 6455 section 5.5. */
const MAX_REASON_BYTES = 123;

/** A close reason cut to what fits, never in the middle of a character. */
export function cutReason(reason: string): string {
  const bytes = Buffer.from(reason, 'utf8');
  if (bytes.length <= MAX_REASON_BYTES) return bytes.toString('utf8');
  let end = MAX_REASON_BYTES;
  // Back to the first byte of the character that would be cut.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}

/** The close frame that tells how a call ended. */
export function closeFromStatus(status: Status): { readonly code: number; readonly reason: string } {
  if (status.code === Code.OK) return { code: CloseCode.normal, reason: '' };
  return { code: 4000 + status.code, reason: cutReason(`${codeName(status.code)}: ${status.message}`) };
}
