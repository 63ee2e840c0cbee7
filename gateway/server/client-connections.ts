import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyBaseLogger } from 'fastify';
import {
  AddressCounts,
  type Identity,
  type Principal,
  peerOf,
  type RequestSource,
  type TrustedProxies,
} from '../security/index.js';
import {
  type AllHeldBytes,
  type ExchangeContext,
  type OnRefusal,
  type Surfaces,
  tooManyOfAddress,
} from '../surfaces/index.js';
import { isSecure } from './client-tls.js';
import type { RecordedCalls } from './recorded-calls.js';
import type { OwnServices } from './services/index.js';

/** Refused connections are logged together, so that a flood of them does not become one of lines. */
const LOG_EVERY_MS = 60_000;

export interface ClientConnectionsOptions {
  /** What one address may have open; 0: any number. */
  readonly most: number;
  readonly trustedProxies: TrustedProxies;
  readonly onRefusal: OnRefusal;
  readonly log: FastifyBaseLogger;
}

/**
 * The connections that each client has open. One too many is reset as soon as it is accepted, before anything of it is read. Those of trusted
 * proxies are not counted, for they carry the requests of many; a WebSocket behind one is, by its client's address, because it is one
 * connection all the way.
 */
export class ClientConnections {
  readonly #options: ClientConnectionsOptions;
  readonly #counts = new AddressCounts();
  /** The server hears of a socket again when a request is put back for it (`serveAgain`). */
  readonly #counted = new WeakSet<Socket>();
  #open = 0;
  #refused = 0;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ClientConnectionsOptions) {
    this.#options = options;
  }

  /** Those that are open, WebSockets behind trusted proxies among them. */
  get open(): number {
    return this.#open;
  }

  /** Counts what the server accepts. Call it before it listens. */
  watch(server: Server): void {
    server.prependListener('connection', (socket: Socket) => {
      const source = peerOf(socket, this.#options.trustedProxies);
      // One of TLS was counted before its handshake.
      if (source.isProxied || this.#counted.has(socket) || isSecure(socket)) return;
      if (this.#counts.isFull(source.group, this.#options.most)) this.#refuse(socket, source);
      else this.#count(socket, source);
    });
  }

  /** A WebSocket is about to be opened. Throws RESOURCE_EXHAUSTED where it stands for a connection that would be too many. */
  admitWebSocket(socket: Socket, source: RequestSource): void {
    if (!source.isProxied) return;
    if (this.#counts.isFull(source.group, this.#options.most)) {
      this.#options.onRefusal('connections_per_address');
      throw tooManyOfAddress('connections_per_address', `more than ${this.#options.most} WebSockets`, source);
    }
    this.#count(socket, source);
  }

  #count(socket: Socket, { group }: RequestSource): void {
    this.#counted.add(socket);
    this.#counts.add(group);
    this.#open += 1;
    socket.on('close', () => {
      this.#counts.remove(group);
      this.#open -= 1;
    });
  }

  #refuse(socket: Socket, { group }: RequestSource): void {
    const { most, log, onRefusal } = this.#options;
    // A reset leaves nothing behind in our kernel, where each close would leave a row for a minute.
    socket.resetAndDestroy();
    onRefusal('connections_per_address');
    this.#refused += 1;
    const now = performance.now();
    if (now - this.#loggedAt < LOG_EVERY_MS) return;
    this.#loggedAt = now;
    const problem = `more than ${most} connections from one address: see --connections-per-address, and --trusted-proxies if it is a proxy`;
    log.warn({ peer: group, refused: this.#refused, problem }, 'connections refused');
    this.#refused = 0;
  }
}

/** What the routes work with: that of the surfaces, and the connections that they come in by. */
export interface ServerContext extends ExchangeContext {
  readonly surfaces: Surfaces;
  /** What clients' messages that wait for services hold in all sessions. */
  readonly heldInSessions: AllHeldBytes;
  readonly connections: ClientConnections;
  /** Recorded calls; absent: none is recorded. */
  readonly recorded?: RecordedCalls | undefined;
  /** Who is asked who calls, and what that allows. */
  readonly identity: Identity;
  /** What the gateway answers itself, and what calls of that are opened with. */
  readonly ownServices: OwnServices;
  readonly ownContext: ExchangeContext;
}

/**
 * The last check before a WebSocket is opened, while a refusal can still be an HTTP status. Throws RESOURCE_EXHAUSTED or UNAVAILABLE when
 * there would be too many exchanges or connections.
 */
export function admitWebSocket(
  socket: Socket,
  source: RequestSource,
  principal: Principal,
  { exchanges, connections }: ServerContext,
): void {
  exchanges.assertRoom(source, principal);
  connections.admitWebSocket(socket, source);
}
