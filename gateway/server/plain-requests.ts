import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { ROUTED_METHODS } from '../schema/index.js';
import type { HttpProtocol, HttpReply } from '../surfaces/index.js';
import type { ServerContext } from './client-connections.js';
import { admitOnConnection } from './connection-limits.js';
import { addCorsHeaders } from './cors.js';
import { answerError, type RefusalContext } from './errors.js';
import type { ResolvedGatewayOptions } from './gateway-settings.js';
import type { HostCheck } from './host-check.js';
import { PlainReply } from './plain-reply.js';
import { idOfRequest } from './request-id.js';
import type { ServerRequest } from './server-request.js';
import { addStrictTransport } from './transport-security.js';

/** An address that no router reads in another way than it is written. */
const PLAIN_TARGET = /^(\/[\w.~:/*@!$&'()+,=-]*)(?:\?|$)/;

const METHODS_OF_RULES: ReadonlySet<string> = new Set(ROUTED_METHODS);

/** What plain requests need besides what serves them. */
export interface PlainChecks {
  readonly refusalOfHost: HostCheck;
  /** The paths of routes of ours, which methods do not have. */
  readonly ownPaths: ReadonlySet<string>;
}

/**
 * Takes plain requests for methods out of Fastify's hands: its life cycle is a tenth of what a call costs, and a method needs nothing of it. The checks
 * are the same functions in the same order, and `serve` is what Fastify's route does. Its own remain: requests for other paths, OPTIONS, upgrades,
 * expectations, addresses that need decoding, and everything while the gateway drains. Call it when all other routes are registered.
 */
export function servePlainRequests(
  app: FastifyInstance,
  options: ResolvedGatewayOptions,
  { exchanges }: { readonly exchanges: Pick<ServerContext['exchanges'], 'draining'> },
  { refusalOfHost, ownPaths }: PlainChecks,
  refusals: RefusalContext,
  serve: (request: ServerRequest, reply: HttpReply) => void,
): void {
  const { server } = app;
  const { allowOrigins } = options;
  const basePath = options.basePath?.path ?? '';
  const [fastify] = server.listeners('request') as ((
    raw: IncomingMessage,
    response: ServerResponse,
  ) => void)[];
  if (fastify === undefined) throw new Error('there is no server to take requests from');
  server.removeAllListeners('request');
  server.on('request', (raw, response) => {
    const target = exchanges.draining ? undefined : targetOfMethod(raw, basePath, ownPaths);
    if (target === undefined) {
      fastify.call(server, raw, response);
      return;
    }
    raw.url = target;
    const request = new PlainRequest(raw, app.log);
    const reply = new PlainReply(response, request);
    try {
      reply.header('x-request-id', request.id);
      if (options.tls !== undefined) addStrictTransport(raw, reply);
      const refusal = refusalOfHost(raw);
      if (refusal !== undefined) return answerError(refusal, request, reply, refusals);
      admitOnConnection(raw, response);
      addCorsHeaders(reply, allowOrigins, raw.headers.origin);
      serve(request, reply);
    } catch (reason) {
      answerError(reason, request, reply, refusals);
    }
  });
}

/** The address below the base path, if this is a plain request and there is no route of ours. */
function targetOfMethod(
  { url = '', method = '', headers }: IncomingMessage,
  basePath: string,
  ownPaths: ReadonlySet<string>,
): string | undefined {
  if (!METHODS_OF_RULES.has(method) || headers.expect !== undefined || headers.upgrade !== undefined)
    return undefined;
  if (!url.startsWith(basePath)) return undefined;
  const target = basePath === '' ? url : url.slice(basePath.length);
  const path = PLAIN_TARGET.exec(target)?.[1];
  return path === undefined || ownPaths.has(path) ? undefined : target;
}

class PlainRequest implements ServerRequest {
  readonly raw: IncomingMessage;
  readonly id: string;
  readonly method: string;
  readonly log: FastifyBaseLogger;
  readonly ws = false;
  spoken: HttpProtocol | null = null;

  constructor(raw: IncomingMessage, log: FastifyBaseLogger) {
    this.raw = raw;
    this.id = idOfRequest(raw);
    this.method = raw.method ?? '';
    this.log = log;
  }
}
