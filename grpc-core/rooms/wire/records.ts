/** A record or value as the store keeps it: JSON in UTF-8, so that a person can read a data directory. */
export function bytesFromJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** What `bytesFromJson` wrote. Only for bytes of our own store: the type is asserted, not checked. */
export function jsonFromBytes<T>(bytes: Uint8Array): T {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')) as T;
}

const decoded = new WeakMap<Uint8Array, unknown>();

/**
 * The same for a record that many read: a store gives the same bytes to all who follow a live log, so they are parsed once
 * for all of them. The value is shared and must not be written to.
 */
export function sharedJsonFromBytes<T>(bytes: Uint8Array): T {
  let value = decoded.get(bytes);
  if (value === undefined) {
    value = jsonFromBytes<T>(bytes);
    decoded.set(bytes, value);
  }
  return value as T;
}
