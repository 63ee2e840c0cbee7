import type { IncomingMessage, ServerOptions } from 'node:http';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { RpcError } from '../status/index.js';
import { answerError, clientErrorAnswer } from './errors.js';
import { registerExpectation } from './expectation.js';
import type { ResolvedGatewayOptions } from './gateway-settings.js';
import { idOfRequest } from './request-id.js';

const NO_QUERY = {};

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
  countRefusal: (error: RpcError) => number,
  http: ServerOptions = {},
  rewriteUrl?: (request: IncomingMessage) => string,
): FastifyInstance {
  const refusals = { trustedProxies: options.trustedProxies, countRefusal };
  // Each line of ours names its request itself. A logger that Fastify knew would be checked for each request, and each response watched
  // for it.
  const useLog = (request: FastifyRequest, reply: FastifyReply) => {
    request.log = log;
    reply.log = log;
  };
  const app: FastifyInstance = Fastify({
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    requestIdHeader: false,
    genReqId: idOfRequest,
    // A missing `Host` is refused by us, so that the answer is like every other.
    http: { requireHostHeader: false, maxHeaderSize: options.limits.maxHeadBytes, ...http },
    ...(rewriteUrl === undefined ? {} : { rewriteUrl }),
    // Nobody asks Fastify for it: queries are read by our own rules.
    routerOptions: { querystringParser: () => NO_QUERY },
    schemaController: {
      compilersFactory: { buildValidator: () => noSchema, buildSerializer: () => noSchema },
    },
    exposeHeadRoutes: false,
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      useLog(request, reply);
      answerError(error, request, reply as FastifyReply, refusals);
    },
    clientErrorHandler: clientErrorAnswer(log, options.limits.maxHeadBytes, refusals),
  });
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, refusals));
  app.log = log;
  app.addHook('onRequest', (request, reply, done) => {
    useLog(request, reply);
    done();
  });
  registerExpectation(app);
  return app;
}
