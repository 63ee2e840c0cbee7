/**
 * A number for `bytes[start..start + length)` that different names and keys of one message rarely share: length, the last two
 * bytes and one of the middle. Whoever finds two that are equal must compare the bytes.
 */
export function digestOf(bytes: Uint8Array, start: number, length: number): number {
  if (length < 2) return length === 0 ? 0 : (bytes[start] as number);
  const end = start + length;
  const tail = (bytes[end - 1] as number) + (bytes[end - 2] as number) * 37;
  return tail + length * 11 + ((bytes[start + (length >>> 1)] as number) << 16);
}
