import type { IncomingMessage } from 'node:http';
import type { RouteMatch } from '../schema/index.js';
import { forwardedMetadata, type TrustedProxies } from '../security/index.js';
import { type Metadata, RpcError } from '../status/index.js';
import {
  type AddressFields,
  fieldsOfSocket,
  type HttpProtocol,
  type MethodRequest,
  resumePointOf,
} from '../surfaces/index.js';
import type { ResolvedGatewayOptions } from './gateway-settings.js';
import type { ServerRequest } from './server-request.js';
import type { MethodTypes } from './services/index.js';

/** What a request says of its call. */
export interface ReadRequest {
  readonly request: MethodRequest;
  readonly metadata: Metadata;
  readonly deadline: number | undefined;
  /** WebSockets only: the fields in the address, encoded. */
  readonly bound: AddressFields;
  /** The same: where the client wants its stream to go on. */
  readonly resume: ReturnType<typeof resumePointOf>;
}

const NO_FIELDS: AddressFields = { wire: new Uint8Array(0), nested: false };
const NO_PARAMETERS = new URLSearchParams();

/** What a request says of its call. Throws INVALID_ARGUMENT that names what is wrong. */
export function readRequest(
  request: ServerRequest,
  protocol: HttpProtocol,
  types: MethodTypes,
  match: RouteMatch,
  search: string,
  options: ResolvedGatewayOptions,
  location?: string,
): ReadRequest {
  const { headers } = request.raw;
  const { method } = match;
  const methodRequest = createMethodRequest(types, match, request.raw, options, parseQuery(search), location);
  const unary = !method.requestStream && !method.responseStream;
  const bound = request.ws && location === undefined ? fieldsOfSocket(methodRequest) : NO_FIELDS;
  return {
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

/** All that a surface needs of a method; `query` is that of the request's address. */
export function createMethodRequest(
  { schema, codec }: MethodTypes,
  match: RouteMatch,
  request: IncomingMessage,
  {
    limits,
    patchMask,
    compress,
    basePath,
  }: Pick<ResolvedGatewayOptions, 'limits' | 'patchMask' | 'compress' | 'basePath'>,
  query: URLSearchParams = NO_PARAMETERS,
  location?: string,
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
    basePath: basePath?.path,
    location,
  };
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
