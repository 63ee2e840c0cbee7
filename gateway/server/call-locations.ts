import type { RouteMatch } from '../schema/index.js';
import { isForeignSite, type Principal } from '../security/index.js';
import { type Metadata, RpcError } from '../status/index.js';
import { type HttpProtocol, type HttpReply, methodNotAllowed, ownerOf } from '../surfaces/index.js';
import type { ServerContext } from './client-connections.js';
import type { ResolvedGatewayOptions } from './gateway-settings.js';
import type { LoadedSchema } from './loaded-schema.js';
import type { ServerRequest } from './server-request.js';
import { refusalOfOrigin } from './site-check.js';

/** What a location is asked with. */
const METHODS_OF_CALL = ['GET', 'HEAD', 'DELETE'];

/** Throws 405, and PERMISSION_DENIED where a page of another origin may not do this. */
export function checkLocationRequest(request: ServerRequest, options: ResolvedGatewayOptions): void {
  if (!METHODS_OF_CALL.includes(request.method)) throw methodNotAllowed(METHODS_OF_CALL);
  const refusal = request.ws ? refusalOfOrigin(request.raw, options) : undefined;
  if (refusal !== undefined) throw refusal;
  if (request.method === 'DELETE' && isForeignSite(request.raw, options)) {
    throw new RpcError('ORIGIN_NOT_ALLOWED', 'another site may not stop a call: see --allow-origin');
  }
}

/** The method of the call at a location, for a principal who may read it. Throws NOT_FOUND: 404, or 410 where it is gone. */
export function matchOfLocation(
  location: string,
  owner: string,
  { schema }: LoadedSchema,
  { recorded }: ServerContext,
): RouteMatch {
  if (recorded?.known === undefined)
    throw new RpcError('CALL_NOT_FOUND', 'there is no call at this location');
  const method = recorded.known.methodAt(location, owner, (path) => schema.methods.get(path));
  return { method, binding: undefined, pathValues: [] };
}

/** The same for who has been let in, whatever the request says of its metadata. */
export function placeOf(
  location: string,
  principal: Principal,
  credential: Parameters<ServerContext['identity']['metadata']>[2],
  request: ServerRequest,
  protocol: HttpProtocol,
  options: ResolvedGatewayOptions,
  loaded: LoadedSchema,
  context: ServerContext,
): RouteMatch {
  const said = protocol.metadata(request.raw, [], options.headerRules);
  const metadata = context.identity.metadata(said, principal, credential);
  return matchOfLocation(location, ownerOf({ principal, metadata }), loaded, context);
}

/** Answers HEAD and DELETE of a location. Throws as `matchOfLocation` does. */
export function answerLocation(
  location: string,
  { principal, metadata }: { readonly principal: Principal; readonly metadata: Metadata },
  request: ServerRequest,
  reply: HttpReply,
  { recorded }: ServerContext,
): void {
  const owner = ownerOf({ principal, metadata });
  if (request.method === 'DELETE') {
    recorded?.known?.stop(location, owner);
    reply.code(204).send();
    return;
  }
  const state = recorded?.known?.stateAt(location, owner);
  if (state === undefined) return;
  const { ended, firstId, lastId } = state;
  reply
    .headers({
      'cache-control': 'no-store',
      'sluice-call-state': ended === undefined ? 'running' : 'ended',
      'sluice-last-event-id': lastId,
      ...(firstId !== undefined && { 'sluice-first-event-id': firstId }),
      ...(ended !== undefined && { 'grpc-status': String(ended.code) }),
    })
    .code(200)
    .send();
}
