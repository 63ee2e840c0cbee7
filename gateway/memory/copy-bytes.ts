/** For fewer bytes, what the engine needs around a copy costs more than moving them one by one; and it makes an object for it. */
const SHORT_BYTES = 64;

/** Copies what lies in `from` from `start` to `end`, to where `at` is in `into`. There must be room. */
export function copyBytes(from: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
  if (end - start > SHORT_BYTES) {
    into.set(from.subarray(start, end), at);
    return;
  }
  let to = at;
  for (let next = start; next < end; next += 1) {
    into[to] = from[next] as number;
    to += 1;
  }
}
