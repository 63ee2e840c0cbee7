/** Printable ASCII, but for the percent sign. */
const PLAIN = /^[ -$&-~]*$/;

/**
 * The text of a status as the value of `grpc-message`: UTF-8, with everything but printable ASCII as %XX. Source: grpc/doc/PROTOCOL-HTTP2.md,
 * "Status-Message".
 */
export function encodeGrpcMessage(text: string): string {
  if (PLAIN.test(text)) return text;
  let encoded = '';
  for (const byte of Buffer.from(text)) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
