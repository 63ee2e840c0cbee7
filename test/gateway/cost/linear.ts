import type { Test } from 'tap';
import { type Cost, faultOfGrowth } from './growth.js';

/** Fails for each of these that costs more than its length, whatever the machine does meanwhile. */
export async function assertLinear(t: Test, costs: readonly Cost[]): Promise<void> {
  for (const cost of costs) {
    const fault = faultOfGrowth(cost);
    if (fault !== undefined) t.fail(fault);
  }
  t.ok(costs.length > 10, `${costs.length} shapes`);
}
