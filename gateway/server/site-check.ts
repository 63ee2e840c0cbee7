import type { IncomingMessage } from 'node:http';
import type { RouteMatch } from '../schema/index.js';
import { isForeignSite, mayOpenSocket } from '../security/index.js';
import { type RpcError, sharedError } from '../status/index.js';
import type { ResolvedGatewayOptions } from './gateway-settings.js';
import type { ServerRequest } from './server-request.js';

/** PERMISSION_DENIED when a page of this origin may not open a WebSocket here. */
export function refusalOfOrigin(
  request: IncomingMessage,
  options: ResolvedGatewayOptions,
): RpcError | undefined {
  if (mayOpenSocket(request, options)) return undefined;
  const { origin = request.headers['sec-fetch-site'] } = request.headers;
  return sharedError('ORIGIN_NOT_ALLOWED', `origin ${origin} is not allowed: see --allow-origin`);
}

/** Throws PERMISSION_DENIED where a page of another origin may not do this. */
export function checkSite(
  request: ServerRequest,
  { method }: RouteMatch,
  options: ResolvedGatewayOptions,
): void {
  const refusal = request.ws ? refusalOfOrigin(request.raw, options) : undefined;
  if (refusal !== undefined) throw refusal;
  // Images, links and forms need no preflight, and a file route takes every content type that a form can send.
  if (!request.ws && !method.safe && isForeignSite(request.raw, options)) {
    throw sharedError(
      'ORIGIN_NOT_ALLOWED',
      `another site may not call ${method.path}, which is not declared free of side effects: see --allow-origin`,
    );
  }
}
