/**
 * The same bytes in memory of their own, unless they fill at least half of what they lie in: for what may be kept for long. A small
 * part of a large read, or of a buffer that many share, would keep all of it.
 */
export function compact(bytes: Uint8Array): Buffer {
  if (bytes.length * 2 >= bytes.buffer.byteLength) {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  const own = Buffer.allocUnsafeSlow(bytes.length);
  own.set(bytes);
  return own;
}
