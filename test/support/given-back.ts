import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import type { Gateway } from '../../gateway/index.js';
import { pagedBytes } from '../../gateway/memory/index.js';

/** How long the last callbacks may take after everything is closed, in milliseconds. */
const LIMIT_MS = 5_000;

/** Gateways of this process that are open. */
let open = 0;
/** What was handed out before the first of them: a test may hold some itself. */
let before = 0;

/**
 * Closes a gateway in the test's teardown. After the last one of the process no page of `gateway/memory` may be handed out that was not before: one that
 * is not given back is lost for good, and no collection finds it.
 */
export function closeInTeardown(t: Test, gateway: Pick<Gateway, 'close'>): void {
  if (open === 0) before = pagedBytes();
  open += 1;
  t.teardown(async () => {
    await gateway.close();
    open -= 1;
    const limit = performance.now() + LIMIT_MS;
    while (open === 0 && pagedBytes() > before && performance.now() < limit) await delay(10);
    if (open === 0)
      assert.ok(pagedBytes() <= before, `${pagedBytes() - before} bytes in pages are not given back`);
  });
}
