import type { IncomingMessage, ServerOptions } from 'node:http';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { RpcError } from '../status/index.js';
import { answerError, clientErrorAnswer } from './errors.js';
import { registerExpectation } from './expectation.js';
import type { ResolvedGatewayOptions } from './gateway-settings.js';
import { newRequestId } from './request-id.js';

/** A request id that may stand in logs and headers. */
const REQUEST_ID = /^[!-~]{1,128}$/;

/** In place of Fastify's compilers for schemas of routes, of which we have none: they are a tenth of what a start loads. */
function noSchema(): never {
  throw new Error('a route has no schema of Fastify here');
}

/**
 * What the two listen addresses have in common: request ids, and one kind of answer to all that is refused. It does not listen yet; whoever creates
 * it closes it.
 */
export function createListener(
  options: ResolvedGatewayOptions,
  log: FastifyBaseLogger,
  countRefusal: (error: RpcError) => void,
  http: ServerOptions = {},
  rewriteUrl?: (request: IncomingMessage) => string,
): FastifyInstance {
  const refusals = { trustedProxies: options.trustedProxies, countRefusal };
  const app: FastifyInstance = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    requestIdHeader: false,
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : newRequestId();
    },
    // A missing `Host` is refused by us, so that the answer is like every other.
    http: { requireHostHeader: false, maxHeaderSize: options.limits.maxHeadBytes, ...http },
    // Each line of ours names its request itself; a logger a request costs as much as a system call.
    childLoggerFactory: (logger) => logger,
    ...(rewriteUrl === undefined ? {} : { rewriteUrl }),
    schemaController: {
      compilersFactory: { buildValidator: () => noSchema, buildSerializer: () => noSchema },
    },
    exposeHeadRoutes: false,
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => answerError(error, request, reply, refusals),
    clientErrorHandler: clientErrorAnswer(log, options.limits.maxHeadBytes, refusals),
  });
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, refusals));
  registerExpectation(app);
  return app;
}
