import type { FastifyInstance } from 'fastify';
import type { RouteMatch, Schema } from '../schema/index.js';
import { RpcError } from '../status/index.js';
import { OWN_PROTOCOL } from '../surfaces/index.js';
import { ownMethods } from './allow.js';
import type { ServerRequest } from './server-request.js';

/** The method that a request is for, or what refuses a path that has none. Throws what else refuses it. */
export function matchOf(
  app: FastifyInstance,
  request: ServerRequest,
  path: string,
  schema: Schema,
): RouteMatch | RpcError {
  // Its path is nobody else's: no rule takes it.
  if (schema.leftOut.has(path)) assertNotLeftOut(path, schema);
  const match = request.ws ? schema.routes.matchAny(path) : schema.routes.match(request.method, path);
  // A rule that is for any method has made this one known.
  if (match?.binding === undefined) assertKnown(request.method, schema.routes.httpMethods);
  if (match !== undefined) return match;
  assertNotLeftOut(path, schema);
  const allowed = [...ownMethods(app, path), ...schema.routes.allowed(path)];
  if (allowed.length > 0) request.spoken = OWN_PROTOCOL;
  return (request.spoken ?? OWN_PROTOCOL).unknownPath(path, allowed);
}

/** Throws UNIMPLEMENTED, with the reason, for the gRPC path of a method or a service that is there and that the schema cannot describe. */
export function assertNotLeftOut(path: string, { leftOut }: Schema): void {
  const problem = leftOut.get(path) ?? leftOut.get(path.slice(0, path.lastIndexOf('/') + 1));
  if (problem !== undefined) {
    throw new RpcError('METHOD_LEFT_OUT', `the schema of the service is broken: ${problem}`);
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
