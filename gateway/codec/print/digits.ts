/** The two digits of 0 to 99. */
const TENS = Uint8Array.from({ length: 100 }, (_, value) => 48 + Math.floor(value / 10));
const ONES = Uint8Array.from({ length: 100 }, (_, value) => 48 + (value % 10));

const BILLION = 1_000_000_000;
const MINUS = 0x2d;

/** Each function writes decimal ASCII at `at` and returns where it ends. There must be room: 20 bytes are enough. */
export function putUint32(out: Uint8Array, at: number, value: number): number {
  if (value < 10) {
    out[at] = 48 + value;
    return at + 1;
  }
  const end = at + digitCount(value);
  putPadded(out, at, end, value);
  return end;
}

export function putInt32(out: Uint8Array, at: number, value: number): number {
  if (value >= 0) return putUint32(out, at, value);
  out[at] = MINUS;
  return putUint32(out, at + 1, -value);
}

/** A whole number from 0 to 2^53. */
export function putUint53(out: Uint8Array, at: number, value: number): number {
  if (value < 4_294_967_296) return putUint32(out, at, value >>> 0);
  const upper = Math.floor(value / BILLION);
  const end = putUint32(out, at, upper) + 9;
  putPadded(out, end - 9, end, value - upper * BILLION);
  return end;
}

/** The unsigned number of two halves. */
export function putUint64(out: Uint8Array, at: number, low: number, high: number): number {
  if (high === 0) return putUint32(out, at, low >>> 0);
  // Long division by 10^9, sixteen bits at a time: nothing in it exceeds 2^53.
  let rest = (high >>> 0) % BILLION;
  const first = ((high >>> 0) - rest) / BILLION;
  let part = rest * 65_536 + (low >>> 16);
  const second = Math.floor(part / BILLION);
  rest = part - second * BILLION;
  part = rest * 65_536 + (low & 0xffff);
  const third = Math.floor(part / BILLION);
  rest = part - third * BILLION;
  const upper = first * 4_294_967_296 + second * 65_536 + third;
  const end = (upper === 0 ? at : putUint53(out, at, upper)) + 9;
  if (upper === 0) return putUint32(out, at, rest);
  putPadded(out, end - 9, end, rest);
  return end;
}

/** The number in two's complement of two halves. */
export function putInt64(out: Uint8Array, at: number, low: number, high: number): number {
  if (high >= 0) return putUint64(out, at, low, high);
  out[at] = MINUS;
  const negatedLow = -low | 0;
  return putUint64(out, at + 1, negatedLow, (negatedLow === 0 ? -high : ~high) | 0);
}

/** A number from 0 to 99 as two digits. */
export function putPair(out: Uint8Array, at: number, value: number): void {
  out[at] = TENS[value] as number;
  out[at + 1] = ONES[value] as number;
}

/** The last digits of `value`, with leading zeros, from `start` to `end`. */
export function putPadded(out: Uint8Array, start: number, end: number, value: number): void {
  let rest = value >>> 0;
  let at = end;
  while (at - start >= 2) {
    const quotient = (rest / 100) >>> 0;
    const pair = rest - quotient * 100;
    at -= 2;
    out[at] = TENS[pair] as number;
    out[at + 1] = ONES[pair] as number;
    rest = quotient;
  }
  if (at > start) out[start] = 48 + (rest % 10);
}

function digitCount(value: number): number {
  if (value < 100_000) {
    if (value < 100) return value < 10 ? 1 : 2;
    if (value < 1000) return 3;
    return value < 10_000 ? 4 : 5;
  }
  if (value < 10_000_000) return value < 1_000_000 ? 6 : 7;
  if (value < 100_000_000) return 8;
  return value < BILLION ? 9 : 10;
}
