import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { ROUTED_METHODS, type RouteMatch, type Schema } from '../schema/index.js';
import {
  forwardedMetadata,
  isForeignSite,
  mayOpenSocket,
  type RequestSource,
  requestSource,
  type TrustedProxies,
} from '../security/index.js';
import { type Metadata, RpcError } from '../status/index.js';
import {
  type AddressFields,
  answerWebSocket,
  discardBody,
  type ExchangeContext,
  fieldsOfSocket,
  type HttpProtocol,
  type HttpReply,
  type MethodRequest,
  OWN_PROTOCOL,
  protocolOf,
  resumePointOf,
} from '../surfaces/index.js';
import { ownMethods } from './allow.js';
import { admitWebSocket, type ServerContext } from './client-connections.js';
import { answerError, type RefusalContext } from './errors.js';
import type { ResolvedGatewayOptions } from './gateway-settings.js';
import type { LoadedSchema } from './loaded-schema.js';
import { type PlainChecks, servePlainRequests } from './plain-requests.js';
import { splitTarget } from './request-target.js';
import type { ServerRequest } from './server-request.js';
import type { MethodTypes } from './services/index.js';

/** A request that has been let in. */
interface AdmittedRequest {
  readonly request: MethodRequest;
  readonly metadata: Metadata;
  readonly deadline: number | undefined;
  /** WebSockets only: the fields in the address, encoded. */
  readonly bound: AddressFields;
  /** The same: where the client wants its stream to go on. */
  readonly resume: ReturnType<typeof resumePointOf>;
  readonly source: RequestSource;
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

const NO_FIELDS: AddressFields = { wire: new Uint8Array(0), nested: false };
const NO_PARAMETERS = new URLSearchParams();

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
  const preHandler = (request: FastifyRequest, _reply: FastifyReply, done: () => void) => {
    request.admitted = admit(app, request, options, schema, context);
    done();
  };
  const refusals = { trustedProxies: options.trustedProxies, countRefusal: context.countRefusal };
  const handler = (request: FastifyRequest, reply: FastifyReply) => {
    const call = request.admitted;
    if (call === null) throw new RpcError('INTERNAL', 'a request without admission');
    answer(call, request, reply, refusals);
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
    answer(admit(app, request, options, schema, context), request, reply, refusals);
  });
}

/** Nobody waits for it: the surface sends the answer, or this sends the failure. */
function answer(
  call: AdmittedRequest,
  request: ServerRequest,
  reply: HttpReply,
  refusals: RefusalContext,
): void {
  const protocol = request.spoken ?? OWN_PROTOCOL;
  protocol.answer(call.request, request, reply, call, call.context).catch((reason: unknown) => {
    discardBody(request.raw);
    answerError(reason, request, reply, refusals);
  });
}

function admit(
  app: FastifyInstance,
  request: ServerRequest,
  options: ResolvedGatewayOptions,
  loaded: () => LoadedSchema,
  context: ServerContext,
): AdmittedRequest {
  // What comes in one request is answered until the grace ends; what would go on is sent elsewhere by its surface.
  if (request.ws) assertServing(context.exchanges);
  const { headers } = request.raw;
  const [path, search] = splitTarget(request.raw.url);
  request.spoken = request.ws ? OWN_PROTOCOL : protocolOf(request.raw);
  const own = request.spoken === OWN_PROTOCOL ? undefined : context.ownServices.method(path);
  const types = own === undefined ? loaded() : context.ownServices.types;
  const match =
    own === undefined
      ? matchOf(app, request, path, loaded().schema)
      : { method: own, binding: undefined, pathValues: [] };
  // The path of a rule is for our own forms, whatever is sent there.
  if (match.binding !== undefined) request.spoken = OWN_PROTOCOL;
  const protocol = request.spoken;
  checkSite(request, match, options);
  const { method } = match;
  const methodRequest = createMethodRequest(types, match, request.raw, options, parseQuery(search));
  const unary = !method.requestStream && !method.responseStream;
  const source = requestSource(request.raw, options.trustedProxies);
  const bound = request.ws ? fieldsOfSocket(methodRequest) : NO_FIELDS;
  const admitted = {
    context: own === undefined ? context : context.ownContext,
    source,
    request: methodRequest,
    metadata: protocol.metadata(
      request.raw,
      knownMetadata(request, options.trustedProxies),
      options.headerRules,
    ),
    deadline: protocol.deadline(headers, unary ? options.limits.unaryTimeoutMs : 0),
    bound,
    resume: request.ws ? resumePointOf(methodRequest) : undefined,
  };
  if (request.ws) admitWebSocket(request.raw.socket, source, context);
  return admitted;
}

/** The method that a request is for. Throws what refuses its path. */
function matchOf(app: FastifyInstance, request: ServerRequest, path: string, schema: Schema): RouteMatch {
  // Its path is nobody else's: no rule takes it.
  if (schema.leftOut.has(path)) assertNotLeftOut(path, schema);
  const match = request.ws ? schema.routes.matchAny(path) : schema.routes.match(request.method, path);
  // A rule that is for any method has made this one known.
  if (match?.binding === undefined) assertKnown(request.method, schema.routes.httpMethods);
  if (match !== undefined) return match;
  assertNotLeftOut(path, schema);
  const allowed = [...ownMethods(app, path), ...schema.routes.allowed(path)];
  if (allowed.length > 0) request.spoken = OWN_PROTOCOL;
  throw (request.spoken ?? OWN_PROTOCOL).unknownPath(path, allowed);
}

/** Throws UNAVAILABLE while the gateway drains. */
export function assertServing({ draining }: ExchangeContext['exchanges']): void {
  if (!draining) return;
  throw new RpcError('DRAINING', 'the gateway is shutting down', {
    headers: { connection: 'close', 'retry-after': '1' },
  });
}

/** What the service is told besides what the client says: the id of the request, and where it comes from. */
export function knownMetadata(
  { id, raw }: Pick<ServerRequest, 'id' | 'raw'>,
  trusted: TrustedProxies,
): Metadata {
  const known: Metadata[number][] = [['x-request-id', id]];
  for (const pair of forwardedMetadata(raw, trusted)) known.push(pair);
  return known;
}

/** Throws UNIMPLEMENTED, with the reason, for the gRPC path of a method or a service that is there and that the schema cannot describe. */
export function assertNotLeftOut(path: string, { leftOut }: Schema): void {
  const problem = leftOut.get(path) ?? leftOut.get(path.slice(0, path.lastIndexOf('/') + 1));
  if (problem !== undefined) {
    throw new RpcError('METHOD_LEFT_OUT', `the schema of the service is broken: ${problem}`);
  }
}

/** All that a surface needs of a method; `query` is that of the request's address. */
export function createMethodRequest(
  { schema, codec }: MethodTypes,
  match: RouteMatch,
  request: IncomingMessage,
  { limits, patchMask, compress }: Pick<ResolvedGatewayOptions, 'limits' | 'patchMask' | 'compress'>,
  query: URLSearchParams = NO_PARAMETERS,
): MethodRequest {
  const { method, binding, pathValues } = match;
  const body = binding?.body;
  const responseBody = binding?.responseBody;
  const requestCodec = codec.forMessage(method.input);
  // Every member by name: a copy of a match costs as much as all the rest here.
  return {
    method,
    binding,
    pathValues,
    http: request,
    query,
    requestCodec,
    bodyCodec: typeof body === 'object' ? codec.forField(method.input, body) : requestCodec,
    responseCodec:
      responseBody === undefined
        ? codec.forMessage(method.output)
        : codec.forField(method.output, responseBody),
    registry: schema.registry,
    limits,
    patchMask,
    compress,
  };
}

/** PERMISSION_DENIED when a page of this origin may not open a WebSocket here. */
export function refusalOfOrigin(
  request: IncomingMessage,
  options: ResolvedGatewayOptions,
): RpcError | undefined {
  if (mayOpenSocket(request, options)) return undefined;
  const { origin = request.headers['sec-fetch-site'] } = request.headers;
  return new RpcError('ORIGIN_NOT_ALLOWED', `origin ${origin} is not allowed: see --allow-origin`);
}

function checkSite(request: ServerRequest, { method }: RouteMatch, options: ResolvedGatewayOptions): void {
  const refusal = request.ws ? refusalOfOrigin(request.raw, options) : undefined;
  if (refusal !== undefined) throw refusal;
  // Images, links and forms need no preflight, and a file route takes every content type that a form can send.
  if (!request.ws && !method.safe && isForeignSite(request.raw, options)) {
    throw new RpcError(
      'ORIGIN_NOT_ALLOWED',
      `another site may not call ${method.path}, which is not declared free of side effects: see --allow-origin`,
    );
  }
}

/** Throws 501 for a method that no rule of the schema has. Source: RFC 9110 section 15.6.2. */
function assertKnown(httpMethod: string, known: readonly string[]): void {
  if (known.includes(httpMethod)) return;
  throw new RpcError(
    'HTTP_METHOD_UNKNOWN',
    `the HTTP method ${httpMethod} is not supported: no rule of the service has it`,
  );
}

/** `URLSearchParams` takes broken encodings as they are; here they are the client's mistake. */
function parseQuery(search: string): URLSearchParams {
  if (search === '') return NO_PARAMETERS;
  if (search.includes('%')) {
    try {
      decodeURIComponent(search);
    } catch (cause) {
      throw new RpcError('INVALID_PARAMETER', 'the query is not percent-encoded UTF-8', { cause });
    }
  }
  return new URLSearchParams(search);
}
