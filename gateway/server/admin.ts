import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Metrics } from '../ops/index.js';
import type { ResolvedGatewayOptions } from './options.js';
import type { Readiness } from './readiness.js';

/**
 * The admin server: `/healthz` says that the process works, `/readyz` whether it should get requests now, `/metrics` what
 * it counts. It stays up while the gateway drains, so that nobody restarts it meanwhile.
 */
export function createAdmin(
  options: ResolvedGatewayOptions,
  readiness: Readiness,
  metrics: Metrics,
): FastifyInstance {
  const loggerInstance: FastifyBaseLogger = options.log.child({}, { level: 'warn' });
  const admin: FastifyInstance = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
  });
  admin.get('/healthz', async () => ({ status: 'ok' }));
  admin.get('/readyz', async (_request, reply) => {
    const problem = await readiness.check();
    if (problem === undefined) return { status: 'ready' };
    return reply.code(503).send({ status: 'not ready', problem });
  });
  admin.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  );
  return admin;
}
