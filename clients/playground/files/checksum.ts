/** What an answer says of a checksum: the first text in it that is a SHA-256. */
export function toldChecksum(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  return Object.values(answer).find((value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value));
}
