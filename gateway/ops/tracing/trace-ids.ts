import { randomFillSync } from 'node:crypto';

const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);

/** Asking for random bytes costs more than writing them as text, so many are asked for at once. */
const random = Buffer.allocUnsafe(4_096);
let next = random.length;

/** A random id of a trace: 32 hexadecimal digits, never all zero. */
export function newTraceId(): string {
  const id = hex(16);
  return id === NO_TRACE ? newTraceId() : id;
}

/** A random id of a span: 16 hexadecimal digits, never all zero. */
export function newSpanId(): string {
  const id = hex(8);
  return id === NO_SPAN ? newSpanId() : id;
}

function hex(bytes: number): string {
  if (next + bytes > random.length) {
    randomFillSync(random);
    next = 0;
  }
  next += bytes;
  return random.toString('hex', next - bytes, next);
}
