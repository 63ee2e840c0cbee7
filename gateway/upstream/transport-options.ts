import { MAX_TIMER_MS } from '../async/index.js';
import { assertAuthority, socketPathOf } from './socket-path.js';

/** How to speak TLS to the upstream. Buffers hold PEM. */
export interface UpstreamTls {
  /** The authorities to trust. Default: those Node ships. */
  readonly ca?: Buffer;
  /** Our own certificate, for mutual TLS. Needs `key`. */
  readonly cert?: Buffer;
  readonly key?: Buffer;
  /** The name to ask for and to check, where it differs from the target's. */
  readonly serverName?: string;
}

/** What every transport understands. All limits are per transport, that is per upstream. */
export interface TransportOptions {
  /**
   * "host:port", "dns:///host:port" (every address of the name, in turn), "ipv4:a:port,b:port", "unix:path", "unix:///path" or
   * "unix-abstract:name".
   */
  readonly target: string;
  /** The `:authority` of every call, and the name to check in a certificate. Default: the target's host and port, "localhost" for sockets. */
  readonly authority?: string;
  /** Absent: plain text. */
  readonly tls?: UpstreamTls;
  /** Largest message to receive. Default 4 MiB, gRPC's own limit everywhere; more ends the call with RESOURCE_EXHAUSTED. */
  readonly maxMessageBytes?: number;
  /**
   * What a call may hold for a reader that has stopped, before it stops the service: its HTTP/2 window at first. Default 32 KiB, half
   * of HTTP/2's own: a thousand stalled readers cost 32 MiB. Of the calls that move, a few dozen get twice as much.
   */
  readonly readAheadBytes?: number;
  /**
   * How long a call may wait for a connection before it ends with UNAVAILABLE. Default 5 000: a peer that
   * accepts and never speaks HTTP/2 would otherwise hold calls without a deadline for ever.
   */
  readonly connectTimeoutMs?: number;
  /** How many connections to the upstream at most. Default 16, which is 1 440 calls with the next default. */
  readonly maxConnections?: number;
  /**
   * Calls on one connection. Default 90: servers commonly allow 100 and queue or refuse what comes after. When
   * every connection is full, a further call ends with RESOURCE_EXHAUSTED at once: a queue would only hide it.
   */
  readonly streamsPerConnection?: number;
  /** See the transport; 0 switches it off. */
  readonly keepaliveTimeMs?: number;
  /** How long an answer to a keepalive may take before the connection is given up. Default 20 000, as gRPC has it. */
  readonly keepaliveTimeoutMs?: number;
}

export type ResolvedTransportOptions = Readonly<
  Required<Omit<TransportOptions, 'tls' | 'authority'>> & {
    readonly tls: UpstreamTls | undefined;
    readonly authority: string | undefined;
  }
>;

const DEFAULTS = {
  maxMessageBytes: 4 * 1024 * 1024,
  readAheadBytes: 32 * 1024,
  connectTimeoutMs: 5_000,
  maxConnections: 16,
  streamsPerConnection: 90,
  keepaliveTimeoutMs: 20_000,
} as const;

/** Fills, checks and freezes, once. Throws a RangeError or TypeError that names the option. */
export function resolveTransportOptions(
  given: TransportOptions,
  keepaliveTimeMs: number,
): ResolvedTransportOptions {
  const isSocket = typeof given.target === 'string' && socketPathOf(given.target) !== undefined;
  if (!isSocket && (typeof given.target !== 'string' || !/^[\x21-\x7e]+$/.test(given.target))) {
    throw new TypeError('upstream target must look like "host:port", "dns:///host:port" or "unix:/path"');
  }
  if (given.authority !== undefined) assertAuthority(given.authority);
  const { tls } = given;
  if (tls && (tls.cert === undefined) !== (tls.key === undefined)) {
    throw new TypeError('upstream tls.cert and tls.key belong together: give both or neither');
  }
  return Object.freeze({
    target: given.target,
    authority: given.authority,
    tls: tls && Object.freeze({ ...tls }),
    maxMessageBytes: wholeNumber(
      'maxMessageBytes',
      given.maxMessageBytes,
      DEFAULTS.maxMessageBytes,
      1,
      2 ** 31 - 1,
    ),
    readAheadBytes: wholeNumber(
      'readAheadBytes',
      given.readAheadBytes,
      DEFAULTS.readAheadBytes,
      1_024,
      2 ** 30,
    ),
    connectTimeoutMs: wholeNumber(
      'connectTimeoutMs',
      given.connectTimeoutMs,
      DEFAULTS.connectTimeoutMs,
      1,
      MAX_TIMER_MS,
    ),
    maxConnections: wholeNumber('maxConnections', given.maxConnections, DEFAULTS.maxConnections, 1, 10_000),
    streamsPerConnection: wholeNumber(
      'streamsPerConnection',
      given.streamsPerConnection,
      DEFAULTS.streamsPerConnection,
      1,
      100_000,
    ),
    keepaliveTimeMs: wholeNumber('keepaliveTimeMs', given.keepaliveTimeMs, keepaliveTimeMs, 0, MAX_TIMER_MS),
    keepaliveTimeoutMs: wholeNumber(
      'keepaliveTimeoutMs',
      given.keepaliveTimeoutMs,
      DEFAULTS.keepaliveTimeoutMs,
      1,
      MAX_TIMER_MS,
    ),
  });
}

/** A whole number within bounds, or the fallback. Throws a RangeError that names the option. */
export function wholeNumber(
  name: string,
  given: number | undefined,
  fallback: number,
  least: number,
  most: number,
): number {
  const value = given ?? fallback;
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`upstream ${name} must be a whole number from ${least} to ${most}, not ${value}`);
  }
  return value;
}
