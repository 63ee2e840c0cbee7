import { Bell } from '../../../async/index.js';
import type { Status } from '../../../status/index.js';
import { localStatus } from '../../received-status.js';
import { type Endpoint, formatEndpoint } from './address.js';
import { Backoff } from './backoff.js';
import type { ConnectionWaiter } from './connection-waiter.js';
import { type EndpointState, retireIdle } from './endpoint-state.js';
import { PooledConnection, type PooledConnectionOptions } from './pooled-connection.js';

export interface ConnectionPoolOptions
  extends Omit<PooledConnectionOptions, 'endpoint' | 'onReady' | 'onDraining' | 'onClosed'> {
  readonly maxConnections: number;
  /** How long a further connection to an endpoint may have no call before it is closed, in milliseconds. */
  readonly idleMs: number;
  /**
   * An endpoint failed, a connection was lost or none is known: the name may mean something else by now. True when
   * news may come.
   */
  readonly onTrouble: () => boolean;
}

/**
 * Connections to every endpoint of an address, and who gets which. Calls go round the endpoints, and to the least
 * loaded connection of each. A further connection is opened in time, before the last free place is taken; at the
 * limit of all a call is refused. A call waits only for a connection that is being made.
 */
export class ConnectionPool {
  readonly #options: ConnectionPoolOptions;
  #endpoints: EndpointState[] = [];
  /** Also those that drain, whose endpoint may be gone from the list. */
  readonly #connections = new Set<PooledConnection>();
  readonly #waiters = new Set<ConnectionWaiter>();
  /** Rings when connections or endpoints have changed. */
  readonly #changed = new Bell();
  #turn = 0;
  #keepaliveTimeMs: number;
  readonly #idleTimer: NodeJS.Timeout;
  #lastCapacity: number;
  #lastFailure: string | undefined;
  /** The last failure, where clients should know it: the gateway is set up for another service than the one that is there. */
  #misfit: string | undefined;
  #closed = false;

  constructor(options: ConnectionPoolOptions) {
    this.#options = options;
    this.#lastCapacity = options.streamsPerConnection;
    this.#keepaliveTimeMs = options.keepaliveTimeMs;
    this.#idleTimer = setInterval(() => this.#retireIdle(), options.idleMs / 2).unref();
  }

  /** The endpoints as they are now: new ones get their share of calls, those that are gone only finish theirs. */
  setEndpoints(endpoints: readonly Endpoint[]): void {
    const wanted = new Map(endpoints.map((endpoint) => [formatEndpoint(endpoint), endpoint]));
    const kept = this.#endpoints.filter(({ endpoint }) => wanted.delete(formatEndpoint(endpoint)));
    const gone = this.#endpoints.filter((state) => !kept.includes(state));
    // Many gateways start together: each begins at another endpoint.
    if (this.#endpoints.length === 0) this.#turn = Math.floor(Math.random() * endpoints.length);
    this.#endpoints = [
      ...kept,
      ...[...wanted.values()].map((endpoint) => ({
        endpoint,
        backoff: new Backoff(),
        connections: new Set<PooledConnection>(),
      })),
    ];
    for (const { connections } of gone) for (const connection of connections) connection.retire();
    this.#serve();
    this.#changed.ring();
  }

  /** The name could not be resolved. Fatal for waiting calls only when nothing is known from before. */
  failResolution(reason: string): void {
    this.#lastFailure = reason;
    if (this.#endpoints.length === 0) this.#refuseAll();
    this.#changed.ring();
  }

  /** A place that is free is taken at once, unless others wait. */
  acquire(waiter: ConnectionWaiter): void {
    if (this.#waiters.size === 0 && this.#giveTo(waiter)) return;
    this.#waiters.add(waiter);
    if (this.#endpoints.length === 0 && !this.#options.onTrouble()) this.#refuseAll();
    else this.#serve();
  }

  /** The call no longer wants one. */
  withdraw(waiter: ConnectionWaiter): void {
    if (this.#waiters.size > 0) this.#waiters.delete(waiter);
  }

  /**
   * Gives back the place of a call whose stream is gone. After a reset of ours a peer with a limit may count the stream for a moment
   * longer, as Node's servers do from 22 on, and refuse the next one: so the place is given back later, and waited for.
   */
  release(connection: PooledConnection, wasReset: boolean): void {
    if (!wasReset || !connection.hasPeerLimit) {
      this.#free(connection);
      return;
    }
    connection.leaving++;
    setTimeout(() => {
      connection.leaving--;
      this.#free(connection);
    }, RESET_LINGER_MS).unref();
  }

  #free(connection: PooledConnection): void {
    connection.calls--;
    if (connection.calls === 0) connection.idleSince = performance.now();
    if (this.#waiters.size > 0) this.#serve();
  }

  /** Those that carry calls, also the last ones of a connection that drains. */
  get connections(): number {
    return this.#count('ready') + this.#count('draining');
  }

  /** Calls that all connections could carry. While none is ready, the one that was ready last says what the peer takes. */
  get places(): number {
    let capacity = this.#lastCapacity;
    for (const connection of this.#connections) {
      if (connection.state === 'ready') capacity = Math.min(capacity, connection.capacity);
    }
    return this.#options.maxConnections * capacity;
  }

  /** Whether a connection stands within the time; keeps trying until then. */
  async ready(timeoutMs: number): Promise<boolean> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      if (this.#closed) return false;
      if (this.#count('ready') > 0) return true;
      const remainingMs = end - performance.now();
      if (remainingMs <= 0) return false;
      for (const state of this.#endpoints) {
        if (state.connections.size === 0 && state.backoff.remainingMs === 0) this.#connect(state);
      }
      // With nothing known or everything failing, there is no event to wait for but the end of the back-off.
      let dueMs = Number.POSITIVE_INFINITY;
      for (const { backoff } of this.#endpoints) dueMs = Math.min(dueMs, backoff.remainingMs || dueMs);
      if (this.#endpoints.length === 0) this.#options.onTrouble();
      await this.#changed.waitWithin({ timeoutMs: Math.min(remainingMs, dueMs, LOOK_AGAIN_MS) });
    }
  }

  /** Ends every connection; calls have been ended before. Resolves when no socket is left. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#idleTimer);
    this.#refuseAll();
    for (const connection of this.#connections) connection.retire();
    // A peer that does not read cannot keep us: what has not closed by then is destroyed.
    const end = performance.now() + CLOSE_GRACE_MS;
    while (this.#connections.size > 0) {
      const remainingMs = end - performance.now();
      if (remainingMs <= 0)
        for (const connection of this.#connections) connection.destroy('the transport is closed');
      await this.#changed.waitWithin({ timeoutMs: Math.max(remainingMs, 10) });
    }
  }

  /** Hands out places, opens what is missing, refuses what cannot be. */
  #serve(): void {
    for (const waiter of this.#waiters) if (!this.#giveTo(waiter)) break;
    if (this.#waiters.size === 0 || this.#endpoints.length === 0) return;
    let expected = this.#connecting * this.#options.streamsPerConnection;
    while (expected < this.#waiters.size && this.#openAnother())
      expected += this.#options.streamsPerConnection;
    if (this.#connecting === 0 && !this.#isPlaceExpected) this.#refuseAll();
  }

  /** False: no place is free. */
  #giveTo(waiter: ConnectionWaiter): boolean {
    const connection = this.#take();
    if (connection === undefined) return false;
    this.#waiters.delete(waiter);
    connection.calls++;
    waiter.onConnection(connection);
    return true;
  }

  get #isPlaceExpected(): boolean {
    for (const { state, leaving } of this.#connections) if (state === 'ready' && leaving > 0) return true;
    return false;
  }

  get #connecting(): number {
    return this.#count('connecting');
  }

  #count(state: PooledConnection['state']): number {
    let count = 0;
    for (const connection of this.#connections) if (connection.state === state) count++;
    return count;
  }

  /** The least loaded connection of the next endpoint that has room. */
  #take(): PooledConnection | undefined {
    const count = this.#endpoints.length;
    for (let step = 0; step < count; step++) {
      const state = this.#endpoints[(this.#turn + step) % count] as EndpointState;
      let best: PooledConnection | undefined;
      let room = 0;
      for (const connection of state.connections) {
        if (connection.state === 'connecting') room += this.#options.streamsPerConnection;
        room += connection.room;
        if (connection.room > 0 && (!best || connection.calls < best.calls)) best = connection;
      }
      // Before the last place is taken, and for an endpoint that has none yet, without waiting for it.
      if (room <= 1) this.#connect(state);
      if (best) {
        this.#turn = (this.#turn + step + 1) % count;
        return best;
      }
    }
    return undefined;
  }

  /** Opens a connection where it is due and there are fewest. */
  #openAnother(): boolean {
    const byNumber = [...this.#endpoints].sort((a, b) => a.connections.size - b.connections.size);
    return byNumber.some((state) => this.#connect(state));
  }

  #connect({ endpoint, backoff, connections }: EndpointState): boolean {
    // Those that drain do not count: their calls may last for hours, and new ones need a way.
    if (this.#closed || this.#connecting + this.#count('ready') >= this.#options.maxConnections) return false;
    if (backoff.remainingMs > 0) return false;
    const connection = new PooledConnection({
      ...this.#options,
      keepaliveTimeMs: this.#keepaliveTimeMs,
      endpoint,
      onReady: () => {
        backoff.succeeded();
        this.#misfit = undefined;
        this.#lastCapacity = connection.capacity;
        this.#serve();
        this.#changed.ring();
      },
      onDraining: (_connection, tooManyPings) => {
        connections.delete(connection);
        if (tooManyPings) this.#keepaliveTimeMs *= 2;
        this.#options.onTrouble();
      },
      onClosed: (_connection, reason) => {
        this.#connections.delete(connection);
        // Still listed: it never was ready.
        if (connections.delete(connection)) {
          const at = formatEndpoint(endpoint);
          this.#lastFailure = `${at}: ${reason}`;
          this.#misfit = connection.misfit && `the service at ${at} ${connection.misfit}`;
          backoff.failed();
          this.#options.onTrouble();
        }
        this.#serve();
        this.#changed.ring();
      },
    });
    connections.add(connection);
    this.#connections.add(connection);
    return true;
  }

  #retireIdle(): void {
    const beforeMs = performance.now() - this.#options.idleMs;
    for (const endpoint of this.#endpoints) retireIdle(endpoint, beforeMs);
  }

  #refuseAll(): void {
    const status = this.#refusal();
    for (const waiter of this.#waiters) {
      this.#waiters.delete(waiter);
      waiter.onNoConnection(status);
    }
  }

  #refusal(): Status {
    if (this.#closed) return localStatus('CANCELLED', 'the transport is closed');
    if (this.#count('ready') > 0) {
      return localStatus('UPSTREAM_FULL', 'every connection to the upstream is full');
    }
    const publicMessage = 'no connection to the upstream';
    if (this.#misfit !== undefined)
      return localStatus('UPSTREAM_NOT_GRPC', `${publicMessage}: ${this.#misfit}`);
    const message = `${publicMessage}: ${this.#lastFailure ?? 'no endpoint is known yet'}`;
    return localStatus('UPSTREAM_UNREACHABLE', message, { publicMessage });
  }
}

/** How long `ready` waits at most before it looks again at what has no event, in milliseconds. */
const LOOK_AGAIN_MS = 500;

/** How long the last frames of ended calls may take on their way out. */
const CLOSE_GRACE_MS = 1_000;

/** How long a peer may go on counting a stream that we have reset. */
const RESET_LINGER_MS = 25;
