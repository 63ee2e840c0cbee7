import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import {
  credentialShown,
  decided,
  type KnownClient,
  type Principal,
  type RequestSource,
  requestSource,
  type ShownCredential,
  shownCredential,
  type TokenCredential,
} from '../security/index.js';
import { codeName, type Metadata, RpcError } from '../status/index.js';
import { answerSession, type MethodRequest, requestMetadata } from '../surfaces/index.js';
import { cutReason } from '../wire/index.js';
import {
  chooseProtocol,
  JSON_PROTOCOL,
  PROTO_PROTOCOL,
  SESSION_PATH,
  SessionCloseCode,
} from '../wire/session/index.js';
import { assertServing } from './assert-serving.js';
import { matchOfLocation } from './call-locations.js';
import { admitWebSocket, type ServerContext } from './client-connections.js';
import type { ResolvedGatewayOptions } from './gateway-settings.js';
import type { LoadedSchema } from './loaded-schema.js';
import { assertNotLeftOut } from './method-of-request.js';
import { createMethodRequest, knownMetadata } from './read-request.js';
import { refusalOfOrigin } from './site-check.js';
import { whenKnown } from './when-known.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the handler of a session: what its handshake says, or why it is closed at once. */
    handshake: Handshake | RpcError | null;
  }
}

/** What a handshake says of the calls of its session. */
interface Handshake {
  /** What its headers send along with every call. */
  readonly metadata: Metadata;
  /** Whose session it is. */
  readonly source: RequestSource;
  readonly principal: Principal;
  readonly credential: TokenCredential | undefined;
}

/** The route of sessions. What is wrong with the handshake is a plain HTTP error; after it the session speaks for itself. */
export function registerSessions(
  app: FastifyInstance,
  options: ResolvedGatewayOptions,
  schema: () => LoadedSchema,
  context: ServerContext,
): void {
  const { limits, headerRules } = options;
  const methodRequestOf = (name: string, request: IncomingMessage): MethodRequest => {
    const loaded = schema();
    const method = loaded.schema.methods.get(`/${name}`);
    if (method === undefined) {
      assertNotLeftOut(`/${name}`, loaded.schema);
      throw new RpcError('METHOD_NOT_FOUND', `there is no method ${name}: write it like pkg.Service/Method`);
    }
    return createMethodRequest(loaded, { method, binding: undefined, pathValues: [] }, request, options);
  };
  const requestAt = (location: string, owner: string, request: IncomingMessage): MethodRequest => {
    const loaded = schema();
    const match = matchOfLocation(location, owner, loaded, context);
    return createMethodRequest(loaded, match, request, options, undefined, location);
  };
  const bring = (location: string) =>
    context.recorded?.bring(location, (path) => schema().schema.methods.get(path));
  const beginAt = (location: string) => context.recorded?.beginAt(location);
  const stopAt = (location: string, owner: string): void => context.recorded?.known?.stop(location, owner);
  app.decorateRequest('handshake', null);
  app.route({
    method: 'GET',
    url: SESSION_PATH,
    preHandler: (request, reply, done) => {
      if (!request.ws) return done();
      const source = requestSource(request.raw, options.trustedProxies);
      const { identity, exchanges } = context;
      const shown = shownCredential(() => identity.credentialOf(request.raw));
      const { socket } = request.raw;
      const workload = identity.ofConnection(socket, source);
      const glance = identity.glance(shown, workload);
      exchanges.limits.beginShown(source, glance, socket);
      whenKnown(
        exchanges.limits.whileChecked(
          source,
          admitSession(request, source, shown, workload, options, context),
        ),
        reply,
        done,
        (handshake) => {
          assertServing(context.exchanges);
          request.handshake = handshake;
          if (handshake instanceof RpcError) return;
          const { principal } = handshake;
          exchanges.limits.beginChecked(source, glance, socket, principal);
          admitWebSocket(socket, source, principal, context);
        },
      );
    },
    handler: () => {
      // A client that asks whether HTTP gets through asks for a gateway that is there for it.
      assertServing(context.exchanges);
      throw new RpcError('UPGRADE_REQUIRED', 'a session is opened as a WebSocket', {
        headers: { upgrade: 'websocket', connection: 'upgrade' },
      });
    },
    wsHandler: (socket, request) => {
      const { handshake } = request;
      if (handshake === null) throw new RpcError('INTERNAL', 'a session without its handshake');
      if (handshake instanceof RpcError) {
        refuseSession(socket, handshake);
        return;
      }
      answerSession(socket, request.raw.socket, {
        ...context,
        ...handshake,
        limits,
        headerRules,
        requestId: request.id,
        http: request.raw,
        methodRequestOf,
        requestAt,
        bring,
        beginAt,
        stopAt,
        log: request.log,
      });
    },
  });
}

function admitSession(
  request: FastifyRequest,
  source: RequestSource,
  shown: ShownCredential,
  workload: Principal,
  options: ResolvedGatewayOptions,
  { exchanges, surfaces, identity }: ServerContext,
): Handshake | RpcError | Promise<Handshake> {
  assertServing(exchanges);
  const { headers } = request.raw;
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (chooseProtocol(offered) === undefined) {
    throw new RpcError(
      'INVALID_HEADER',
      `header sec-websocket-protocol: must offer ${JSON_PROTOCOL} or ${PROTO_PROTOCOL}`,
    );
  }
  // A browser hides from its page why a handshake failed, but not why a socket was closed.
  const refusal = refusalOfOrigin(request.raw, options);
  if (refusal === undefined) {
    const admitKnown = ({ principal, credential }: KnownClient): Handshake => {
      const known = knownMetadata(request, options.trustedProxies);
      const metadata = requestMetadata(headers, known, options.headerRules);
      return { metadata: identity.metadata(metadata, principal, credential), source, principal, credential };
    };
    const decision = identity.decision(() => ({
      requestId: request.id,
      peer: source.address,
      path: SESSION_PATH,
    }));
    return decided<Handshake>(decision, () => {
      decision?.shows(shown);
      const admit = (known: KnownClient): Handshake => {
        decision?.isOf(known.principal);
        return admitKnown(known);
      };
      const found = identity.recognize(credentialShown(shown), false, workload);
      return found instanceof Promise ? found.then(admit) : admit(found);
    });
  }
  const { code, reason, message: problem } = refusal;
  const line = {
    requestId: request.id,
    peer: source.address,
    surface: surfaces.session.name,
    code: codeName(code),
    reason,
    problem,
  };
  request.log.info({ ...line, closeCode: SessionCloseCode.forbidden }, 'request refused');
  return refusal;
}

/** How long a client that is refused may take to answer the close frame, in milliseconds. */
const CLOSE_WAIT_MS = 2_000;

function refuseSession(socket: WebSocket, { message }: RpcError): void {
  const timer = setTimeout(() => socket.terminate(), CLOSE_WAIT_MS);
  // What fails on a socket closes it, and the close is what counts.
  socket.on('error', () => {});
  socket.once('close', () => clearTimeout(timer));
  socket.close(SessionCloseCode.forbidden, cutReason(message));
}
