import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RpcError } from '../status/index.js';

/** One or more segments of characters that no proxy writes in another way. */
const SEGMENTS = /^(?:\/[\w~-][\w.~-]*)+$/;

/**
 * A path below which everything is served, without a slash at its end; empty for the root. Throws a TypeError that says how to write it.
 */
export function parseBasePath(text: string): string {
  const path = text.endsWith('/') ? text.slice(0, -1) : text;
  if (path === '' || SEGMENTS.test(path)) return path;
  throw new TypeError(
    `base path ${JSON.stringify(text)}: write it like /api or /apps/prices, of letters, digits and -._~`,
  );
}

/** Where a gateway is served: takes its base path off each address, and refuses what is not below it. */
export class BasePath {
  /** For example "/api". */
  readonly path: string;
  /** Requests that are not below it. */
  readonly #outside = new WeakSet<IncomingMessage>();

  private constructor(path: string) {
    this.path = path;
  }

  /** Nothing where everything is served at the root. Throws as `parseBasePath` does. */
  static of(text = ''): BasePath | undefined {
    const path = parseBasePath(text);
    return path === '' ? undefined : new BasePath(path);
  }

  /** The address as if there were no base path; a full one (RFC 9112 section 3.2.2) loses its scheme and host as well. */
  readonly strip = (request: IncomingMessage): string => {
    const { url = '/' } = request;
    const path = url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?#]*/i, '');
    if (path.startsWith(`${this.path}/`)) return path.slice(this.path.length);
    if (url !== '*') this.#outside.add(request);
    return url;
  };

  /** Adds the hook that answers what is outside: a redirect for the base path without its slash, 404 for all others. */
  register(app: FastifyInstance): void {
    app.addHook('onRequest', (request, reply, done) => {
      if (!this.#outside.has(request.raw)) return done();
      this.#refuse(request, reply);
    });
  }

  #refuse({ originalUrl }: FastifyRequest, reply: FastifyReply): void {
    const [path, ...query] = originalUrl.split('?');
    if (path !== this.path) {
      throw new RpcError('PATH_NOT_FOUND', `there is nothing here: everything is below ${this.path}/`);
    }
    void reply.redirect([`${this.path}/`, ...query].join('?'), 308);
  }
}
