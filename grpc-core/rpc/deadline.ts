import { MAX_TIMER_MS } from '../options/index.js';

/** What grpc-js says of a call's deadline, as epoch milliseconds; `undefined` for none. */
export function epochOf(deadline: Date | number): number | undefined {
  const epoch = Number(deadline);
  return Number.isFinite(epoch) ? epoch : undefined;
}

/** Calls `expire` at that moment unless the returned function is called before. A moment too far for a timer never comes. */
export function expireAt(deadline: number | undefined, expire: () => void): () => void {
  if (deadline === undefined) return () => {};
  const remainingMs = deadline - Date.now();
  if (remainingMs > MAX_TIMER_MS) return () => {};
  const timer = setTimeout(expire, Math.max(0, remainingMs));
  return () => clearTimeout(timer);
}
