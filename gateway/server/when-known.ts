import type { FastifyReply } from 'fastify';

/**
 * Lets a request of Fastify go on as soon as it is known who calls, at once where that is known: `take` is called in the tick in which it goes on. Does
 * nothing for a client that has left meanwhile.
 */
export function whenKnown<Known>(
  known: Known | Promise<Known>,
  reply: FastifyReply,
  done: (error?: Error) => void,
  take: (known: Known) => void,
): void {
  if (!(known instanceof Promise)) {
    take(known);
    done();
    return;
  }
  const goOn = (go: () => void): void => {
    if (reply.raw.destroyed) {
      // Fastify waits for nothing else of it.
      reply.hijack();
      return;
    }
    try {
      go();
    } catch (reason) {
      done(reason as Error);
      return;
    }
    done();
  };
  known.then(
    (value) => goOn(() => take(value)),
    (reason: unknown) =>
      goOn(() => {
        throw reason;
      }),
  );
}
