/** A larger file is not compared: browsers hash only what is in memory. */
const MOST_BYTES = 256 * 1024 * 1024;

/** The SHA-256 of a file in hexadecimal; undefined for a large one, and on a page without TLS, where browsers do not hash. */
export async function sha256Of(file: Blob): Promise<string | undefined> {
  if (crypto.subtle === undefined || file.size > MOST_BYTES) return undefined;
  const hash = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What an answer says of a checksum: the first text in it that is a SHA-256. */
export function toldChecksum(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  return Object.values(answer).find((value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value));
}
