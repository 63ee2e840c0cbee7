/** A record or value as the store keeps it: JSON in UTF-8, so that a person can read a data directory. */
export function bytesFromJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** What `bytesFromJson` wrote. Only for bytes of our own store: the type is asserted, not checked. */
export function jsonFromBytes<T>(bytes: Uint8Array): T {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')) as T;
}
