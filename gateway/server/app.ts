import type { IncomingMessage, Server } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { ROUTED_METHODS } from '../schema/index.js';
import { RpcError } from '../status/index.js';
import { SESSION_PATH } from '../wire/session/index.js';
import { registerOptions } from './allow.js';
import { admitOnConnection, connectionTimes, MESSAGE_PARTS } from './connection-limits.js';
import { registerContract } from './contract-routes.js';
import { registerCors } from './cors.js';
import { METHODS, registerDispatch } from './dispatch.js';
import type { ResolvedGatewayOptions } from './gateway-settings.js';
import { registerPublicHealth } from './health.js';
import { registerHostCheck } from './host-check.js';
import { IncomingRequest } from './incoming-request.js';
import { createListener } from './listener.js';
import type { SchemaSource } from './loaded-schema.js';
import { assertingOwnAccess } from './own-access.js';
import { registerOwnCompression } from './own-compression.js';
import { registerPage } from './page.js';
import { registerPublicKeys } from './public-keys.js';
import { registerSessions } from './sessions.js';
import { registerOwnStreams } from './streams-route.js';
import { registerTickets } from './ticket-route.js';
import { addStrictTransport } from './transport-security.js';
import { assertHandshake, protocolOfSocket, UPGRADE_OPTIONS, websocketUpgrades } from './upgrades.js';
import { websocketPlugin } from './websocket-plugin.js';

/** What is read of one client's body before somebody takes it, in bytes. */
const READ_BYTES = 64 * 1024;

/** The server that clients reach, without routes: its times, its limits of bytes, and how it refuses. Whoever creates it closes it. */
export function createApp(
  options: ResolvedGatewayOptions,
  log: FastifyBaseLogger,
  countRefusal: (error: RpcError) => number,
): FastifyInstance {
  const http = {
    IncomingMessage: IncomingRequest,
    // What is read beyond this waits in the kernel; Node's own default differs between versions.
    highWaterMark: READ_BYTES,
    ...connectionTimes(options.limits.requestHeadMs),
    ...UPGRADE_OPTIONS,
  };
  const app = createListener(options, log, countRefusal, http, options.basePath?.strip);
  app.setNotFoundHandler((request) => {
    throw new RpcError(
      'HTTP_METHOD_UNKNOWN',
      `the HTTP method ${request.method} is not supported: no rule of the service has it`,
    );
  });
  // Bodies are ours: read as streams, counted, and never before there is room for them.
  for (const method of [...ROUTED_METHODS, 'OPTIONS']) {
    if (method === 'GET' || method === 'HEAD') continue;
    app.addHttpMethod(method, { hasBody: false, overrideExisting: true });
  }
  return app;
}

/**
 * Registers what clients reach, in the order in which it is checked: upgrades, hosts, connections, the base path, origins, the page,
 * sessions, and methods. `corsMethods` is read for each preflight.
 */
export async function registerRoutes(
  app: FastifyInstance,
  options: ResolvedGatewayOptions,
  source: SchemaSource,
  context: Parameters<typeof registerDispatch>[3],
  corsMethods: string[],
): Promise<void> {
  const ownPaths = new Set<string>();
  app.addHook('onRoute', ({ url }) => {
    ownPaths.add(url);
  });
  await app.register(websocketPlugin, {
    options: {
      server: websocketUpgrades(app.server) as Server,
      maxPayload: options.limits.maxMessageBytes,
      ...MESSAGE_PARTS,
      perMessageDeflate: false,
      handleProtocols: protocolOfSocket,
    },
    // Every socket belongs to an exchange or a session, and draining closes it with 1001.
    preClose: (done) => done(),
    errorHandler: (error, socket, request) => {
      request.log.error({ requestId: request.id, err: error }, 'websocket failed');
      socket.terminate();
    },
  });
  // The library answers a handshake that succeeds, and knows nothing of our reply.
  const requestIds = new WeakMap<IncomingMessage, string>();
  app.websocketServer.on('headers', (headers: string[], request: IncomingMessage) => {
    headers.push(`x-request-id: ${requestIds.get(request)}`);
  });
  if (options.tls !== undefined) {
    app.addHook('onRequest', (request, reply, done) => {
      addStrictTransport(request.raw, reply);
      done();
    });
  }
  // After that plugin: it closes only sockets of which it knows when they are refused.
  const refusalOfHost = registerHostCheck(app, options);
  // Callbacks, not promises: hooks run for every request.
  app.addHook('onRequest', (request, reply, done) => {
    admitOnConnection(request.raw, reply.raw);
    done();
  });
  options.basePath?.register(app);
  const { allowOrigins } = options;
  if (!allowOrigins.isEmpty) await registerCors(app, allowOrigins, corsMethods);
  registerOptions(app, !allowOrigins.isEmpty, (path) => source.get().schema.routes.allowed(path));
  app.addHook('onRequest', (request, _reply, done) => {
    if (!request.ws) return done();
    // The plugin would accept the socket on any route, and then close it without a word.
    if (request.routeOptions.url !== METHODS && request.routeOptions.url !== SESSION_PATH) {
      throw new RpcError('PATH_NOT_FOUND', 'there is no WebSocket at this path');
    }
    assertHandshake(request.raw);
    requestIds.set(request.raw, request.id);
    done();
  });
  if (options.compress !== 'off') registerOwnCompression(app);
  if (options.pageDir !== undefined) await registerPage(app, options.pageDir);
  if (options.publicHealth) registerPublicHealth(app, context.exchanges);
  app.decorateRequest('knownAs', null);
  const ownAccess = assertingOwnAccess(context, options.trustedProxies);
  app.get('/_sluice/services', { exposeHeadRoute: true, preHandler: ownAccess }, async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(await source.get().description()),
  );
  registerPublicKeys(app, context.identity);
  registerContract(
    app,
    options.basePath?.path ?? '',
    () => source.get().schema,
    () => context.identity.shown,
    ownAccess,
  );
  registerOwnStreams(app, options, context.exchanges, ownAccess);
  registerTickets(app, options, context);
  registerSessions(app, options, () => source.get(), context);
  registerDispatch(app, options, () => source.get(), context, { refusalOfHost, ownPaths });
}
