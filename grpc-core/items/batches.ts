/**
 * Collects what a source yields into batches: one is complete with `maxItems`, or `maxWaitMs` after its first item. While
 * nobody asks for a batch, at most one further item is taken. Ends when the source does; returns the source when it is left.
 */
export async function* batchesOf<Item>(
  source: AsyncIterable<Item>,
  limits: { readonly maxItems: number; readonly maxWaitMs: number },
): AsyncGenerator<Item[], void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let next: Promise<IteratorResult<Item>> | undefined;
  try {
    for (;;) {
      next ??= iterator.next();
      const first = await next;
      next = undefined;
      if (first.done === true) return;
      const batch = [first.value];
      const window = openWindow(limits.maxWaitMs);
      try {
        while (batch.length < limits.maxItems) {
          next ??= iterator.next();
          const winner = await Promise.race([next, window.over]);
          if (winner === undefined) break;
          next = undefined;
          if (winner.done === true) {
            yield batch;
            return;
          }
          batch.push(winner.value);
        }
      } finally {
        window.close();
      }
      yield batch;
    }
  } finally {
    // The pending item, if any, fails or ends by the signal of whoever made the source.
    next?.catch(() => undefined);
    await iterator.return?.();
  }
}

function openWindow(ms: number): { readonly over: Promise<undefined>; close(): void } {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  return { over, close: () => clearTimeout(timer) };
}
