import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { CallToken } from '../recording/index.js';
import { type Method, ROUTED_METHODS } from '../schema/index.js';
import {
  type AccessDecision,
  authorityOf,
  credentialShown,
  decided,
  type Glance,
  type KnownClient,
  type Principal,
  type RequestSource,
  requestSource,
  type ShownCredential,
  shownCredential,
} from '../security/index.js';
import { type Metadata, RpcError } from '../status/index.js';
import {
  answerWebSocket,
  discardBody,
  type ExchangeContext,
  type HttpProtocol,
  type HttpReply,
  OWN_PROTOCOL,
  protocolOf,
} from '../surfaces/index.js';
import { locationOfPath } from '../wire/index.js';
import { assertServing } from './assert-serving.js';
import { answerLocation, checkLocationRequest, placeOf } from './call-locations.js';
import { admitWebSocket, type ServerContext } from './client-connections.js';
import { answerError, type RefusalContext } from './errors.js';
import type { ResolvedGatewayOptions } from './gateway-settings.js';
import type { LoadedSchema } from './loaded-schema.js';
import { matchOf } from './method-of-request.js';
import { type PlainChecks, servePlainRequests } from './plain-requests.js';
import { type ReadRequest, readRequest } from './read-request.js';
import { splitTarget } from './request-target.js';
import type { ServerRequest } from './server-request.js';
import { checkSite } from './site-check.js';
import { whenKnown } from './when-known.js';

/** A request that has been let in. */
interface AdmittedRequest extends ReadRequest {
  /** Where it comes from. */
  readonly source: RequestSource;
  readonly principal: Principal;
  /** By what of its metadata the service knows who calls. */
  readonly token?: CallToken | undefined;
  /** What its call is opened with. */
  readonly context: ExchangeContext;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the handler. */
    admitted: AdmittedRequest | null;
    /** Set as soon as the path has been looked at. */
    spoken: HttpProtocol | null;
  }
}

/** The route that every method of every schema shares. */
export const METHODS = '/*';

/** All but GET, which may be upgraded. Each that a schema may ever need: Fastify's routes cannot be added while it runs. */
const OTHER_METHODS = ROUTED_METHODS.filter((method) => method !== 'GET') as HTTPMethods[];

/**
 * The one route for every method of every schema: the paths of a schema are matched by our own table, since Fastify's router knows
 * neither `**` nor `:verb`, and its routes cannot be replaced while it runs.
 *
 *     request -> admit: protocol? schema? path? origin? metadata?  -> its protocol's answer -> bridge
 *                  | all failures here are refusals of the protocol -> answerWebSocket       -> bridge   (after the upgrade)
 */
export function registerDispatch(
  app: FastifyInstance,
  options: ResolvedGatewayOptions,
  schema: () => LoadedSchema,
  context: ServerContext,
  checks: PlainChecks,
): void {
  // A property, not a WeakMap: one entry a request there costs the garbage collector more than everything else here.
  app.decorateRequest('admitted', null);
  app.decorateRequest('spoken', null);
  // Every hook runs before a WebSocket is upgraded, so what fails here is still an HTTP error.
  const preHandler = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
    const admitted = admit(app, request, reply, options, schema, context);
    if (admitted instanceof RpcError) throw admitted;
    whenKnown(admitted, reply, done, (call) => {
      if (call instanceof RpcError) throw call;
      if (request.ws) {
        assertServing(context.exchanges);
        admitWebSocket(request.raw.socket, call.source, call.principal, context);
      }
      request.admitted = call;
    });
  };
  const refusals = { trustedProxies: options.trustedProxies, countRefusal: context.countRefusal };
  const handler = (request: FastifyRequest, reply: FastifyReply) => {
    const call = request.admitted;
    if (call === null) throw new RpcError('INTERNAL', 'a request without admission');
    answer(call, request, reply, refusals, context);
  };
  app.route({
    method: 'GET',
    url: METHODS,
    preHandler,
    handler,
    wsHandler: (socket, request) => {
      const call = request.admitted;
      if (call !== null) answerWebSocket(call.request, socket, request, call, context);
      else socket.terminate();
    },
  });
  app.route({ method: OTHER_METHODS, url: METHODS, preHandler, handler });
  servePlainRequests(app, options, context, checks, refusals, (request, reply) => {
    const admitted = admit(app, request, reply, options, schema, context);
    if (admitted instanceof RpcError) return answerError(admitted, request, reply, refusals);
    if (!(admitted instanceof Promise)) return answer(admitted, request, reply, refusals, context);
    admitted.then(
      (call) => {
        if (reply.raw.destroyed) return;
        if (call instanceof RpcError) answerError(call, request, reply, refusals);
        else answer(call, request, reply, refusals, context);
      },
      (reason: unknown) => {
        if (!reply.raw.destroyed) answerError(reason, request, reply, refusals);
      },
    );
  });
}

/** Nobody waits for it: the surface sends the answer, or this sends the failure. */
function answer(
  call: AdmittedRequest,
  request: ServerRequest,
  reply: HttpReply,
  refusals: RefusalContext,
  context: ServerContext,
): void {
  const protocol = request.spoken ?? OWN_PROTOCOL;
  const { location } = call.request;
  if (location !== undefined && request.method !== 'GET') {
    try {
      answerLocation(location, call, request, reply, context);
    } catch (reason) {
      answerError(reason, request, reply, refusals);
    }
    return;
  }
  protocol.answer(call.request, request, reply, call, call.context).catch((reason: unknown) => {
    discardBody(request.raw);
    answerError(reason, request, reply, refusals);
  });
}

/** Lets a request in, at once where that can be said at once. What comes in floods is returned, not thrown: who has too much, and who may not come in. */
function admit(
  app: FastifyInstance,
  request: ServerRequest,
  reply: Pick<HttpReply, 'headers'>,
  options: ResolvedGatewayOptions,
  loaded: () => LoadedSchema,
  context: ServerContext,
): Admitted | Promise<Admitted> {
  // What comes in one request is answered until the grace ends; what would go on is sent elsewhere by its surface.
  if (request.ws) assertServing(context.exchanges);
  const { raw, id } = request;
  const { identity } = context;
  const { limits } = context.exchanges;
  const source = requestSource(raw, options.trustedProxies);
  const shown = shownCredential(() => identity.credentialOf(raw));
  // Before everything that costs more than a refusal may.
  const workload = identity.ofConnection(raw.socket, source);
  const glance = identity.glance(shown, workload);
  const refusal = limits.refusalToBeginShown(source, glance, raw.socket);
  if (refusal !== undefined) return refusal;
  const [path] = splitTarget(raw.url);
  const decision = identity.decision(() => ({ requestId: id, peer: source.address, path }));
  decision?.shows(shown);
  const asking = { source, shown, glance, workload, decision };
  return limits.whileChecked(
    source,
    decided(decision, () => decide(app, request, reply, options, loaded, context, asking)),
  );
}

type Admitted = AdmittedRequest | RpcError;

/** Who asks to be let in, before anything is decided. */
interface AskingClient {
  readonly source: RequestSource;
  readonly shown: ShownCredential;
  readonly glance: Glance;
  readonly workload: Principal;
  readonly decision: AccessDecision | undefined;
}

function decide(
  app: FastifyInstance,
  request: ServerRequest,
  reply: Pick<HttpReply, 'headers'>,
  options: ResolvedGatewayOptions,
  loaded: () => LoadedSchema,
  context: ServerContext,
  { source, shown, glance, workload, decision }: AskingClient,
): Admitted | Promise<Admitted> {
  const { identity, exchanges } = context;
  const [path, search] = splitTarget(request.raw.url);
  request.spoken = request.ws ? OWN_PROTOCOL : protocolOf(request.raw);
  const location = locationOfPath(path);
  if (location !== undefined) request.spoken = OWN_PROTOCOL;
  const own = request.spoken === OWN_PROTOCOL ? undefined : context.ownServices.method(path);
  const types = own === undefined ? loaded() : context.ownServices.types;
  // Who calls decides what is at a location.
  const match =
    location !== undefined
      ? undefined
      : own === undefined
        ? matchOf(app, request, path, loaded().schema)
        : { method: own, binding: undefined, pathValues: [] };
  if (match instanceof RpcError) return match;
  // The path of a rule is for our own forms, whatever is sent there.
  if (match?.binding !== undefined) request.spoken = OWN_PROTOCOL;
  const protocol = request.spoken;
  if (match === undefined) checkLocationRequest(request, options);
  else checkSite(request, match, options);
  if (glance.kind === 'refused') return glance.error;
  const found =
    glance.kind === 'known'
      ? glance.client
      : identity.recognize(credentialShown(shown), match?.method.safe ?? true, workload);
  const isOwn = own !== undefined;
  const admitKnown = ({ principal, credential }: KnownClient): Admitted | Promise<Admitted> => {
    exchanges.limits.beginChecked(source, glance, request.raw.socket, principal);
    const place =
      match ?? placeOf(location ?? '', principal, credential, request, protocol, options, loaded(), context);
    decision?.isOf(principal, place.method.path);
    const denied = isOwn
      ? identity.refusalOfOwnAccess(principal, decision)
      : identity.refusalOfAccess(principal, place.method.access, decision);
    if (denied !== undefined) return denied;
    const call = readRequest(request, protocol, types, place, search, options, location);
    const pace = exchanges.limits.paceOf(source, principal);
    const metadata = identity.metadata(call.metadata, principal, credential);
    const { method } = place;
    // Every member by name: a copy of such an object costs more than making it.
    const asked = (metadata: Metadata, token: CallToken | undefined) =>
      ask(
        {
          request: pace === undefined ? call.request : { ...call.request, pace },
          metadata,
          deadline: call.deadline,
          bound: call.bound,
          resume: call.resume,
          source,
          principal,
          token,
          context: isOwn ? context.ownContext : context,
        },
        method,
      );
    if (isOwn) return asked(metadata, undefined);
    const tell = (metadata: Metadata) =>
      asked(metadata, identity.told(metadata, { principal, credential }, method));
    const signed = identity.signed(metadata, principal, method.path);
    return signed instanceof Promise ? signed.then(tell) : tell(signed);
  };
  const ask = (
    admitted: AdmittedRequest,
    { path, access }: Method,
  ): AdmittedRequest | Promise<AdmittedRequest> => {
    const { principal, metadata } = admitted;
    const asking = () => ({
      http: request.raw,
      authority: authorityOf(request.raw),
      requestId: request.id,
      source,
      principal,
      path,
    });
    const asked = isOwn
      ? identity.authorizeOwn(asking, decision)
      : identity.authorize(access, asking, undefined, decision);
    if (asked === undefined) return admitted;
    return asked.then(({ tell, responseHeaders }) => {
      reply.headers(responseHeaders);
      return { ...admitted, metadata: tell(metadata) };
    });
  };
  const { recorded } = context;
  if (location === undefined || recorded === undefined)
    return found instanceof Promise ? found.then(admitKnown) : admitKnown(found);
  // Another gateway may have what is there.
  return Promise.resolve(found).then(async (known) => {
    await recorded.bring(location, (name) => loaded().schema.methods.get(name));
    return await admitKnown(known);
  });
}
