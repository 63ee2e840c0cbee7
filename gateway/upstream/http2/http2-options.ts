import {
  type ResolvedTransportOptions,
  resolveTransportOptions,
  type TransportOptions,
  wholeNumber,
} from '../transport-options.js';
import { type Lookup, parseAddress, systemLookup } from './pool/index.js';

export interface Http2TransportOptions extends TransportOptions {
  /**
   * What the windows of calls that move may have together beyond the `readAheadBytes` of every call: what services that are far away can make
   * the process hold besides while calls are not read. Default 64 MiB: 68 calls at full speed.
   */
  readonly windowBudgetBytes?: number;
  /**
   * How long a connection beyond the first to an address may have no call before it is closed. Default 300 000: bursts come again, and
   * a connection that is kept costs a socket.
   */
  readonly idleMs?: number;
  /** Time between looks at the name. Default 30 000: a service that was scaled up gets calls within that. */
  readonly resolveIntervalMs?: number;
  /** Finds the addresses of a name. Default: the system's resolver. Tests give their own. */
  readonly lookup?: Lookup;
}

export type ResolvedHttp2Options = ResolvedTransportOptions &
  Readonly<
    Required<Pick<Http2TransportOptions, 'windowBudgetBytes' | 'idleMs' | 'resolveIntervalMs' | 'lookup'>>
  >;

/** Silence on a connection with calls before the first ping. See `Keepalive` for why it may be short. */
const KEEPALIVE_TIME_MS = 20_000;

/** Fills, checks and freezes, once. Throws a RangeError or TypeError that names the option. */
export function resolveHttp2Options(given: Http2TransportOptions): ResolvedHttp2Options {
  parseAddress(given.target);
  return Object.freeze({
    ...resolveTransportOptions(given, KEEPALIVE_TIME_MS),
    windowBudgetBytes: wholeNumber(
      'windowBudgetBytes',
      given.windowBudgetBytes,
      64 * 1024 * 1024,
      0,
      2 ** 40,
    ),
    idleMs: wholeNumber('idleMs', given.idleMs, 300_000, 10, 86_400_000),
    resolveIntervalMs: wholeNumber('resolveIntervalMs', given.resolveIntervalMs, 30_000, 10, 86_400_000),
    lookup: given.lookup ?? systemLookup,
  });
}
