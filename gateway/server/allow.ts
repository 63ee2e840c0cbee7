import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RpcError } from '../status/index.js';
import { ACCEPT_QUERY } from '../surfaces/index.js';
import { splitTarget } from './request-target.js';

/** What any route here may have, in the order of `Allow`. */
const HTTP_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** The methods of the routes that are registered at exactly this path: the page, and what begins with `/_sluice/`. */
export function ownMethods(app: FastifyInstance, path: string): readonly string[] {
  // A pattern is no path: `/*` would find the route of all methods.
  if (/[*:]/.test(path)) return [];
  return HTTP_METHODS.filter((method) => app.hasRoute({ method, url: path }));
}

/**
 * Answers every OPTIONS, of all paths and of `*`: 204, and `Allow` with what the path has. `methodsAt` says what is at a path besides our own
 * routes. Registered after CORS, which has added what a page may know by then; a preflight gets nothing else, whatever the path has, for the
 * request behind it is answered like any other. A path that has nothing is 404. Source: RFC 9110 section 9.3.7.
 */
export function registerOptions(
  app: FastifyInstance,
  hasCors: boolean,
  methodsAt: (path: string) => readonly string[] = () => [],
): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.method !== 'OPTIONS') return done();
    reply.code(204);
    if (hasCors && isPreflight(request)) {
      reply.send();
      return;
    }
    const [path] = splitTarget(request.raw.url);
    const allowed = path === '*' || path === '' ? HTTP_METHODS : allowedAt(app, path, methodsAt);
    if (allowed.length === 0) throw new RpcError('PATH_NOT_FOUND', `no method has the path ${path}`);
    if (allowed.includes('QUERY')) reply.headers(ACCEPT_QUERY);
    reply.header('allow', [...new Set([...allowed, 'OPTIONS'])].join(', ')).send();
  });
}

function allowedAt(
  app: FastifyInstance,
  path: string,
  methodsAt: (path: string) => readonly string[],
): readonly string[] {
  const own = ownMethods(app, path);
  // Ours come first, also while nobody knows yet what else there is.
  return own.length > 0 ? own : methodsAt(path);
}

/** Source: https://fetch.spec.whatwg.org/#cors-preflight-request */
function isPreflight({ headers }: FastifyRequest): boolean {
  return headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
}
