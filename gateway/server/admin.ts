import type { FastifyBaseLogger, FastifyInstance, RouteHandlerMethod } from 'fastify';
import type { Metrics } from '../ops/index.js';
import { RpcError } from '../status/index.js';
import { type Exchanges, methodNotAllowed } from '../surfaces/index.js';
import { ownMethods, registerOptions } from './allow.js';
import type { ResolvedGatewayOptions } from './gateway-settings.js';
import { registerHostCheck } from './host-check.js';
import { createListener } from './listener.js';
import type { Readiness } from './readiness.js';
import { splitTarget } from './request-target.js';
import { registerAllStreams } from './streams-route.js';

/**
 * The admin server: `/healthz` says that the process works, `/readyz` whether it should get requests now, `/metrics` what
 * it counts, `/_sluice/streams` what is open. What is wrong with the schema and does not stop it is in `warnings`. It stays up while the gateway drains, so that nobody restarts it meanwhile.
 */
export function createAdmin(
  options: ResolvedGatewayOptions,
  log: FastifyBaseLogger,
  readiness: Readiness,
  warnings: () => readonly string[],
  metrics: Metrics,
  exchanges: Exchanges,
): FastifyInstance {
  const admin = createListener(options, log, metrics.countRefusal);
  registerHostCheck(admin, options);
  registerOptions(admin, false);
  admin.setNotFoundHandler((request) => {
    const allowed = ownMethods(admin, splitTarget(request.raw.url)[0]);
    if (allowed.length > 0) throw methodNotAllowed(allowed);
    throw new RpcError('PATH_NOT_FOUND', 'there is nothing at this path');
  });
  const get = (url: string, handler: RouteHandlerMethod) =>
    admin.route({ method: ['GET', 'HEAD'], url, handler });
  get('/healthz', async () => ({ status: 'ok' }));
  get('/readyz', async (_request, reply) => {
    const problem = await readiness.check();
    if (problem === undefined) {
      const list = warnings();
      return { status: 'ready', ...(list.length > 0 && { warnings: list }) };
    }
    return reply.code(503).send({ status: 'not ready', problem });
  });
  registerAllStreams(admin, options, exchanges);
  get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  return admin;
}
