import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { UpstreamTls } from '../../transport-options.js';
import {
  type ClientStream,
  type CommonFields,
  type HeaderField,
  Http2Connection,
  type StreamHandler,
} from '../h2/index.js';
import type { Endpoint } from './address.js';
import { Keepalive } from './keepalive.js';
import { ResetGauge } from './reset-gauge.js';

export interface PooledConnectionOptions {
  readonly endpoint: Endpoint;
  /** The `:authority` of every call, and the name to check in a certificate. */
  readonly authority: string;
  readonly tls: UpstreamTls | undefined;
  readonly connectTimeoutMs: number;
  readonly streamsPerConnection: number;
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  /** The window of a call that does not move. */
  readonly readAheadBytes: number;
  /** The peer has sent its settings: calls may go out. At most once. */
  readonly onReady: (connection: PooledConnection) => void;
  /** No further call may go out; those that are on it may still end well. At most once, before `onClosed`. */
  readonly onDraining: (connection: PooledConnection, tooManyPings: boolean) => void;
  /** Nothing is left. Exactly once, also when it never was ready. */
  readonly onClosed: (connection: PooledConnection, reason: string) => void;
}

/** What one read takes at most. */
const READ_BYTES = 64 * 1024;

/** TCP's own probes: no server counts them, and they notice a host that is gone in about 25 s. */
const TCP_KEEPALIVE_MS = 15_000;

const NO_HTTP2 = 'does not offer HTTP/2 (gRPC) over TLS';
const NO_TLS = 'does not speak TLS';
/** OpenSSL's codes for a peer that answers a handshake with something else, and for one that has no protocol of ours. */
const TLS_MISFITS: Readonly<Record<string, string>> = {
  // wrong version number, packet length too long, http request, record layer failure
  '0A00010B': NO_TLS,
  '0A0000C6': NO_TLS,
  '0A00009C': NO_TLS,
  '0A000139': NO_TLS,
  // tlsv1 alert no application protocol
  '0A000460': NO_HTTP2,
};

/** Node gives OpenSSL's code only as a part of its text. */
function tlsMisfitOf(error: Error): string | undefined {
  return TLS_MISFITS[/error:([0-9A-F]{8}):/.exec(error.message)?.[1] ?? ''];
}

/**
 * One HTTP/2 connection.
 *
 *     connecting --SETTINGS--> ready --GOAWAY, retire--> draining --last call over--> closed
 *          \                     \________ lost, destroyed, no answer to a ping ______/
 *           \________ refused, timeout, wrong protocol _____________________________/
 */
export class PooledConnection {
  state: 'connecting' | 'ready' | 'draining' | 'closed' = 'connecting';
  /** Calls that hold a place: those handed out, until their streams are gone. */
  calls = 0;
  /** Those of them that we have reset, and the peer may not have let go. */
  leaving = 0;
  /** When the last of them was over, by `performance.now`. */
  idleSince = performance.now();
  readonly keepalive: Keepalive;
  readonly #options: PooledConnectionOptions;
  readonly #connection: Http2Connection;
  readonly #resets = new ResetGauge(performance.now());
  readonly #connectTimer: NodeJS.Timeout;
  #reason: string | undefined;
  #misfit: string | undefined;
  #peerStreams = Number.POSITIVE_INFINITY;

  constructor(options: PooledConnectionOptions) {
    this.#options = options;
    const socket = openSocket(options, (chunk) => this.#connection.receive(chunk));
    socket.once('secureConnect', () => {
      if ((socket as TLSSocket).alpnProtocol === 'h2') return;
      this.#misfit = NO_HTTP2;
      this.destroy('the upstream does not offer HTTP/2 over TLS');
    });
    // Before the connection hears of it, and ends.
    socket.once('error', (error) => {
      this.#misfit = tlsMisfitOf(error);
    });
    const connection = new Http2Connection({
      socket,
      windowBytes: options.readAheadBytes,
      onSettings: (maxConcurrentStreams) => {
        this.#peerStreams = maxConcurrentStreams;
        if (this.state !== 'connecting') return;
        clearTimeout(this.#connectTimer);
        this.state = 'ready';
        options.onReady(this);
      },
      onGoaway: (code, text) => {
        this.#reason = `the upstream sent GOAWAY with HTTP/2 code ${code}`;
        this.#drain(text === 'too_many_pings');
      },
      onHeard: () => this.keepalive.heard(),
      onClosed: (reason) => this.#close(reason),
    });
    this.#connection = connection;
    this.keepalive = new Keepalive({
      timeMs: options.keepaliveTimeMs,
      timeoutMs: options.keepaliveTimeoutMs,
      hasCalls: () => this.calls > 0,
      ping: (answered) => connection.ping(answered),
      onDead: () => this.destroy('the upstream did not answer a keepalive ping'),
    });
    this.#connectTimer = setTimeout(
      () => this.destroy(`the upstream opened no HTTP/2 connection within ${options.connectTimeoutMs} ms`),
      options.connectTimeoutMs,
    );
  }

  get endpoint(): Endpoint {
    return this.#options.endpoint;
  }

  /** Calls it can take: our own limit and the peer's, as far as it is known. */
  get capacity(): number {
    return Math.min(this.#options.streamsPerConnection, this.#peerStreams);
  }

  /** The peer has set a limit of streams. */
  get hasPeerLimit(): boolean {
    return this.#peerStreams !== Number.POSITIVE_INFINITY;
  }

  /** Free places. */
  get room(): number {
    return this.state === 'ready' ? Math.max(0, this.capacity - this.calls) : 0;
  }

  /** Why calls that it carried ended. */
  get reason(): string {
    return this.#reason ?? this.#connection.reason ?? 'the upstream closed the connection';
  }

  /** Why the peer does not understand us, whatever is tried: the end of "the service at X ...". Clients are told. */
  get misfit(): string | undefined {
    return this.#misfit ?? this.#connection.otherProtocol;
  }

  /** Whether it is gone, or going without its calls. */
  get isLost(): boolean {
    return this.#connection.isDestroyed;
  }

  /** Largest list of request headers the peer takes, counted as `headerListBytes` does. */
  get peerHeaderListBytes(): number {
    return this.#connection.peerHeaderListBytes;
  }

  /** Opens a stream. Throws when the connection has just gone. */
  request(common: CommonFields, own: readonly HeaderField[], handler: StreamHandler): ClientStream {
    if (this.#connection.isNearlyUsedUp) this.retire();
    return this.#connection.request(common, own, handler);
  }

  /** A stream was reset by us. After many, the connection is retired, so that no server takes us for an attacker and ends its calls. */
  countReset(): void {
    if (this.#resets.add(performance.now()) && this.state === 'ready') this.retire();
  }

  /** No further calls; closes when the last is over. */
  retire(): void {
    this.#drain(false);
    this.#connection.close();
  }

  /** Ends everything on it now. */
  destroy(reason: string): void {
    this.#reason ??= reason;
    this.#connection.destroy(reason);
  }

  #drain(tooManyPings: boolean): void {
    if (this.state === 'draining' || this.state === 'closed') return;
    this.state = 'draining';
    this.#options.onDraining(this, tooManyPings);
  }

  #close(reason: string | undefined): void {
    this.#reason ??= reason;
    clearTimeout(this.#connectTimer);
    this.keepalive.stop();
    const wasConnecting = this.state === 'connecting';
    if (!wasConnecting) this.#drain(false);
    this.state = 'closed';
    this.#options.onClosed(this, this.reason);
  }
}

function openSocket(
  { endpoint, authority, tls }: PooledConnectionOptions,
  receive: (chunk: Buffer) => void,
): Socket {
  const place = 'path' in endpoint ? { path: endpoint.path } : { host: endpoint.host, port: endpoint.port };
  if (!tls) {
    return connectTcp({
      ...place,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEPALIVE_MS,
      // Node's own way is a new buffer of 64 KiB for each read, however little comes; most reads bring a message or two.
      onread: {
        buffer: Buffer.allocUnsafeSlow(READ_BYTES),
        callback: (count, buffer) => {
          receive(Buffer.from(buffer.buffer, buffer.byteOffset, count));
          return true;
        },
      },
    });
  }
  const name = tls.serverName ?? authority.replace(/:[0-9]+$/, '').replace(/^\[|\]$/g, '');
  const socket = connectTls({
    ...place,
    // An IP address is no server name; it is then checked as the host that it is. Source: RFC 6066 section 3.
    ...(isIP(name) === 0 && { servername: name }),
    ALPNProtocols: ['h2'],
    ...(tls.ca && { ca: tls.ca }),
    ...(tls.cert && { cert: tls.cert }),
    ...(tls.key && { key: tls.key }),
  });
  socket.on('data', receive);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, TCP_KEEPALIVE_MS);
  return socket;
}
