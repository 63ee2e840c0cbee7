/**
 * Decodes a `grpc-message`: UTF-8 with everything but printable ASCII as %XX. What is not a proper escape stays as
 * it is, and bytes that are no UTF-8 become U+FFFD: a message must never be lost to its own encoding.
 * Source: grpc/doc/PROTOCOL-HTTP2.md, "Status-Message".
 */
export function decodeGrpcMessage(text: string): string {
  if (!text.includes('%')) return text;
  const bytes = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const hex = text.charCodeAt(at) === 0x25 ? text.slice(at + 1, at + 3) : '';
    if (/^[0-9a-fA-F]{2}$/.test(hex)) {
      bytes[length++] = Number.parseInt(hex, 16);
      at += 2;
    } else {
      bytes[length++] = text.charCodeAt(at);
    }
  }
  return bytes.toString('utf8', 0, length);
}
