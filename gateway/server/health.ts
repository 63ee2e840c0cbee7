import type { FastifyInstance } from 'fastify';
import type { Exchanges } from '../surfaces/index.js';

/** A probe must see the state of now, whatever stands between. */
const NO_STORE = { 'cache-control': 'no-store' };

/**
 * `/healthz` on the public port, for whoever cannot reach the admin port: load balancers of a cloud ask the port that they send clients to. It
 * says that the process works; while the gateway drains it is 503, so that no new clients are sent here. Nothing in it tells of the service.
 */
export function registerPublicHealth(app: FastifyInstance, exchanges: Exchanges): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/healthz',
    handler: async (_request, reply) => {
      reply.headers(NO_STORE);
      if (!exchanges.draining) return { status: 'ok' };
      return reply.code(503).send({ status: 'draining' });
    },
  });
}
