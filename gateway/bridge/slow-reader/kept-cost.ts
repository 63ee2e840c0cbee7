/**
 * What a kept message counts beside its bytes, for its place and its key. More than it costs, so that the limit of an operator holds with the pages that
 * are not full as well. Source: PROTOCOL.md section 13.
 */
export const KEPT_OVERHEAD_BYTES = 400;

export function keptCost(bytes: number, key?: string): number {
  return bytes + KEPT_OVERHEAD_BYTES + 2 * (key?.length ?? 0);
}
