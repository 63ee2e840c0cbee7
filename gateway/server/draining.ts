import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { peerOf, type TrustedProxies } from '../security/index.js';
import type { Exchanges } from '../surfaces/index.js';
import { isAnswering, responsesInWork } from './connection-limits.js';
import type { Http2Connections } from './http2/index.js';

/** How long a connection of a client itself may be quiet while the gateway drains, in milliseconds. */
const QUIET_MS = 500;
/**
 * The same for one of a trusted proxy, though no longer than the grace period. A proxy sends its next request on a connection that it keeps
 * until it has noticed that the gateway leaves, and a request that meets a closed connection is lost. Three checks of `/readyz`, one
 * second apart, are what proxies commonly wait for; the fourth second is for one that is slow.
 */
const PROXY_QUIET_MS = 4_000;
/** The time between two looks, in milliseconds. */
const LOOK_MS = 50;

/** How the connections of a server that carry HTTP requests end when the gateway leaves. */
export class Draining {
  readonly #server: Server;
  readonly #exchanges: Exchanges;
  readonly #http2: Http2Connections;
  readonly #trusted: TrustedProxies;
  /** When each was last in use, in milliseconds of `performance`, as far as it matters; upgraded ones are no longer here. */
  readonly #usedAt = new Map<Socket, number>();

  /** Watches an app from before its routes are registered and it listens. */
  constructor(app: FastifyInstance, exchanges: Exchanges, http2: Http2Connections, trusted: TrustedProxies) {
    this.#server = app.server;
    this.#trusted = trusted;
    this.#exchanges = exchanges;
    this.#http2 = http2;
    // Before whoever may let it go in the same turn.
    this.#server.prependListener('connection', (socket: Socket) => {
      this.#usedAt.set(socket, 0);
      socket.on('close', () => this.#usedAt.delete(socket));
    });
    this.#server.prependListener('upgrade', (_request, socket: Socket) => this.#usedAt.delete(socket));
    // Whoever asks now is answered, and told to ask elsewhere the next time.
    app.addHook('onRequest', (request, reply, done) => {
      if (this.#exchanges.draining) {
        reply.header('connection', 'close');
        this.#use(request.raw.socket);
      }
      done();
    });
  }

  /** A connection carries HTTP/2 or TLS from now on, which end their connections themselves; a socket of TLS is another one. */
  letGo(socket: Socket): void {
    this.#usedAt.delete(socket);
  }

  /**
   * Accepts no new connection, and keeps those that are open as long as something comes on them. Resolves when none is left and
   * every exchange is over; streams end within `graceMs`.
   */
  async run(graceMs: number): Promise<void> {
    // Not the HTTP server's own, which closes kept-alive connections at once, also those on which a request is under way to us.
    NetServer.prototype.close.call(this.#server);
    for (const socket of this.#usedAt.keys()) {
      this.#use(socket);
      for (const response of responsesInWork(socket)) closeAfter(response);
    }
    this.#http2.drain();
    const proxyQuietMs = Math.max(QUIET_MS, Math.min(PROXY_QUIET_MS, graceMs));
    const timer = setInterval(() => this.#closeQuiet(proxyQuietMs), LOOK_MS);
    await this.#exchanges.drain(graceMs);
    while (this.#usedAt.size > 0 || this.#http2.size > 0)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    clearInterval(timer);
    // What has come meanwhile.
    await this.#exchanges.drain();
  }

  #use(socket: Socket): void {
    if (this.#usedAt.has(socket)) this.#usedAt.set(socket, performance.now());
  }

  #closeQuiet(proxyQuietMs: number): void {
    const now = performance.now();
    for (const [socket, usedAt] of this.#usedAt) {
      if (isAnswering(socket)) this.#usedAt.set(socket, now);
      else if (now - usedAt >= (this.#isOfProxy(socket) ? proxyQuietMs : QUIET_MS)) socket.destroySoon();
    }
  }

  #isOfProxy(socket: Socket): boolean {
    return peerOf(socket, this.#trusted).isProxied;
  }
}

/** The head is still to come, so it can say that nothing else will. */
function closeAfter(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}
