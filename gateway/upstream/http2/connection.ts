import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { UpstreamTls } from '../options.js';
import { Keepalive } from './keepalive.js';
import { ResetGauge } from './reset-gauge.js';
import { type Address, formatAddress } from './target.js';
import { leastWindowBytes, type Window } from './window-budget.js';

export interface ConnectionOptions {
  readonly address: Address;
  /** The `:authority` of every call, and the name to check in a certificate. */
  readonly authority: string;
  readonly tls: UpstreamTls | undefined;
  readonly connectTimeoutMs: number;
  readonly streamsPerConnection: number;
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  /** The peer has sent its settings: calls may go out. At most once. */
  readonly onReady: (connection: Connection) => void;
  /** No further call may go out; those that are on it may still end well. At most once, before `onClosed`. */
  readonly onDraining: (connection: Connection, tooManyPings: boolean) => void;
  /** The peer has agreed to a change of the window. */
  readonly onResized: () => void;
  /** Nothing is left. Exactly once, also when it never was ready. */
  readonly onClosed: (connection: Connection, reason: string) => void;
}

/**
 * Credit for the connection as a whole. Node returns it as soon as bytes arrive, whether anybody reads them or
 * not, so it holds no memory; it only must not be what slows the streams.
 */
const connectionWindowBytes = 16 * 1024 * 1024;

/** TCP's own probes: no server counts them, and they notice a host that is gone in about 25 s. */
const tcpKeepaliveMs = 15_000;

/**
 * One HTTP/2 connection.
 *
 *     connecting --SETTINGS--> ready --GOAWAY, retire--> draining --last call over--> closed
 *          \                     \________ lost, destroyed, no answer to a ping ______/
 *           \________ refused, timeout, wrong protocol _____________________________/
 */
export class Connection implements Window {
  state: 'connecting' | 'ready' | 'draining' | 'closed' = 'connecting';
  /** Calls that hold a place: those handed out, until their streams are gone. */
  calls = 0;
  /** Those of them that are over and only wait for Node to let the stream go. */
  leaving = 0;
  stalled = 0;
  bytes = leastWindowBytes;
  /** Streams above this were not looked at by the peer. */
  lastStreamId = Number.POSITIVE_INFINITY;
  readonly keepalive: Keepalive;
  readonly #options: ConnectionOptions;
  readonly #session: ClientHttp2Session;
  readonly #resets = new ResetGauge(performance.now());
  readonly #socket: Socket;
  readonly #connectTimer: NodeJS.Timeout;
  #reason: string | undefined;
  #destroyed = false;
  #peerStreams = Number.POSITIVE_INFINITY;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const socket = openSocket(options);
    const scheme = options.tls ? 'https' : 'http';
    const session = connectHttp2(`${scheme}://${options.authority}`, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: this.bytes },
      // Every buffer has a bound of its own; this one would refuse calls by a sum of everything.
      maxSessionMemory: Number.MAX_SAFE_INTEGER,
    });
    this.#session = session;
    this.#socket = socket;
    this.keepalive = new Keepalive({
      timeMs: options.keepaliveTimeMs,
      timeoutMs: options.keepaliveTimeoutMs,
      hasCalls: () => this.calls > 0,
      ping: (answered) => !session.destroyed && session.ping((error) => error ?? answered()),
      onDead: () => this.destroy('the upstream no longer answers'),
    });
    this.#connectTimer = setTimeout(
      () => this.destroy(`no HTTP/2 connection within ${options.connectTimeoutMs} ms`),
      options.connectTimeoutMs,
    );
    socket.once('secureConnect', () => {
      if ((socket as TLSSocket).alpnProtocol !== 'h2')
        this.destroy('the upstream does not offer HTTP/2 over TLS');
    });
    session.once('connect', () => {
      if (!session.destroyed) session.setLocalWindowSize(connectionWindowBytes);
    });
    session.on('remoteSettings', (settings) => {
      this.#peerStreams = settings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
      if (this.state !== 'connecting') return;
      clearTimeout(this.#connectTimer);
      this.state = 'ready';
      options.onReady(this);
    });
    session.on('localSettings', () => options.onResized());
    session.on('goaway', (code, lastStreamId, data) => {
      this.lastStreamId = lastStreamId;
      this.#reason = `the upstream sent GOAWAY with HTTP/2 code ${code}`;
      this.#drain(data?.toString() === 'too_many_pings');
    });
    session.on('error', (error) => this.destroy(error.message));
    // A peer that refuses our certificate does so after the handshake, and Node then tells the session nothing.
    socket.on('error', (error) => this.destroy(error.message));
    session.once('close', () => this.#close());
  }

  get address(): Address {
    return this.#options.address;
  }

  /** Calls it can take: our own limit and the peer's, as far as it is known. */
  get capacity(): number {
    return Math.min(this.#options.streamsPerConnection, this.#peerStreams);
  }

  /** Free places. */
  get room(): number {
    return this.state === 'ready' ? Math.max(0, this.capacity - this.calls) : 0;
  }

  /** Why calls that it carried ended. */
  get reason(): string {
    return this.#reason ?? 'the upstream closed it';
  }

  /** Whether it is gone, or going without its calls. */
  get isLost(): boolean {
    return this.state === 'closed' || this.#session.destroyed;
  }

  /** Opens a stream. Throws when the connection has just gone or Node refuses a header. */
  request(headers: OutgoingHttpHeaders, single: boolean): ClientHttp2Stream {
    // Without `waitForTrailers` Node sends END_STREAM before the reset of a stream that is cancelled, and the service takes the
    // part it has for the whole. See `Outbox.attach` for the END_STREAM of a real half-close.
    return this.#session.request(headers, { endStream: false, waitForTrailers: !single });
  }

  get isResizing(): boolean {
    return this.#session.destroyed || this.#session.closed || this.#session.pendingSettingsAck;
  }

  resize(bytes: number): void {
    this.bytes = bytes;
    if (!this.#session.destroyed && !this.#session.closed)
      this.#session.settings({ initialWindowSize: bytes });
  }

  /** A stream was reset by us. After many, the connection is retired, so that no server takes us for an attacker and ends its calls. */
  countReset(): void {
    if (this.#resets.add(performance.now()) && this.state === 'ready') this.retire();
  }

  /** No further calls; closes when the last is over. */
  retire(): void {
    this.#drain(false);
    this.#session.close();
  }

  /** Ends everything on it now. */
  destroy(reason: string): void {
    if (this.state === 'closed' || this.#destroyed) return;
    this.#destroyed = true;
    this.#reason ??= reason;
    this.#session.destroy();
    this.#socket.destroy();
    // After the streams have been told; the session's own close event does not always come.
    setImmediate(() => this.#close());
  }

  #drain(tooManyPings: boolean): void {
    if (this.state === 'draining' || this.state === 'closed') return;
    this.state = 'draining';
    this.#options.onDraining(this, tooManyPings);
  }

  #close(): void {
    if (this.state === 'closed') return;
    clearTimeout(this.#connectTimer);
    this.keepalive.stop();
    const wasConnecting = this.state === 'connecting';
    if (!wasConnecting) this.#drain(false);
    this.state = 'closed';
    this.#options.onClosed(this, this.reason);
  }
}

function openSocket({ address, authority, tls }: ConnectionOptions): Socket {
  const { host, port } = address;
  if (!tls)
    return connectTcp({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: tcpKeepaliveMs });
  const name = tls.serverName ?? authority.replace(/:[0-9]+$/, '').replace(/^\[|\]$/g, '');
  const socket = connectTls({
    host,
    port,
    // An IP address is no server name; it is then checked as the host that it is. Source: RFC 6066 section 3.
    ...(isIP(name) === 0 && { servername: name }),
    ALPNProtocols: ['h2'],
    ...(tls.ca && { ca: tls.ca }),
    ...(tls.cert && { cert: tls.cert }),
    ...(tls.key && { key: tls.key }),
  });
  socket.setNoDelay(true);
  socket.setKeepAlive(true, tcpKeepaliveMs);
  return socket;
}

/** The name of a connection's far end, for messages. */
export function nameOf(connection: Connection): string {
  return formatAddress(connection.address);
}
