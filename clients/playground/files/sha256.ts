/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. Source: FIPS 180-4, 4.2.2. */
const ROUNDS = new Int32Array(64);
/** The same of the square roots of the first 8. Source: FIPS 180-4, 5.3.3. */
const START = new Uint32Array(8);
for (let prime = 2, found = 0; found < 64; prime += 1) {
  let isPrime = true;
  for (let by = 2; by * by <= prime; by += 1) if (prime % by === 0) isPrime = false;
  if (!isPrime) continue;
  if (found < 8) START[found] = (prime ** (1 / 2) % 1) * 2 ** 32;
  ROUNDS[found] = ((prime ** (1 / 3) % 1) * 2 ** 32) | 0;
  found += 1;
}

const BLOCK_BYTES = 64;

/** A SHA-256 of what comes piece by piece: browsers hash only what is in memory as a whole, and on pages without TLS nothing at all. */
export interface Sha256 {
  add(bytes: Uint8Array): void;
  /** In lower-case hexadecimal. Called once, at the end. */
  hex(): string;
}

export function createSha256(): Sha256 {
  const state = new Int32Array(START);
  const words = new Int32Array(64);
  const block = new Uint8Array(BLOCK_BYTES);
  let filled = 0;
  let total = 0;

  const add = (bytes: Uint8Array) => {
    total += bytes.length;
    let at = 0;
    if (filled > 0) {
      at = Math.min(BLOCK_BYTES - filled, bytes.length);
      block.set(bytes.subarray(0, at), filled);
      filled += at;
      if (filled < BLOCK_BYTES) return;
      mix(state, words, block, 0);
    }
    for (; at + BLOCK_BYTES <= bytes.length; at += BLOCK_BYTES) mix(state, words, bytes, at);
    block.set(bytes.subarray(at));
    filled = bytes.length - at;
  };
  return {
    add,
    hex() {
      const bits = total * 8;
      const end = new Uint8Array((filled < 56 ? 64 : 128) - filled);
      end[0] = 0x80;
      const length = new DataView(end.buffer, end.length - 8);
      length.setUint32(0, bits / 2 ** 32);
      length.setUint32(4, bits % 2 ** 32);
      add(end);
      return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
    },
  };
}

/** One block of 64 bytes. Written out, for speed: a page hashes while it sends. Source: FIPS 180-4, 6.2.2. */
function mix(state: Int32Array, words: Int32Array, bytes: Uint8Array, at: number): void {
  for (let t = 0; t < 16; t += 1) {
    const from = at + t * 4;
    words[t] =
      (of(bytes, from) << 24) |
      (of(bytes, from + 1) << 16) |
      (of(bytes, from + 2) << 8) |
      of(bytes, from + 3);
  }
  for (let t = 16; t < 64; t += 1) {
    const early = of(words, t - 15);
    const late = of(words, t - 2);
    const low = ((early >>> 7) | (early << 25)) ^ ((early >>> 18) | (early << 14)) ^ (early >>> 3);
    const high = ((late >>> 17) | (late << 15)) ^ ((late >>> 19) | (late << 13)) ^ (late >>> 10);
    words[t] = of(words, t - 16) + low + of(words, t - 7) + high;
  }
  let a = of(state, 0);
  let b = of(state, 1);
  let c = of(state, 2);
  let d = of(state, 3);
  let e = of(state, 4);
  let f = of(state, 5);
  let g = of(state, 6);
  let h = of(state, 7);
  for (let t = 0; t < 64; t += 1) {
    const sum = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const first = (h + sum + ((e & f) ^ (~e & g)) + of(ROUNDS, t) + of(words, t)) | 0;
    const other = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const most = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + other + most) | 0;
  }
  state[0] = of(state, 0) + a;
  state[1] = of(state, 1) + b;
  state[2] = of(state, 2) + c;
  state[3] = of(state, 3) + d;
  state[4] = of(state, 4) + e;
  state[5] = of(state, 5) + f;
  state[6] = of(state, 6) + g;
  state[7] = of(state, 7) + h;
}

function of(list: Int32Array | Uint32Array | Uint8Array, index: number): number {
  return list[index] as number;
}
