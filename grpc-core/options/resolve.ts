import type { Logger } from 'pino';
import { CORE_OPTIONS } from './core-options.js';
import { assertIdentityName } from './identity-name.js';
import { MAX_TIMER_MS } from './timer.js';

/** How to open a core. */
export interface CoreOptions {
  /** `host:port`; port 0 takes a free one, IPv6 as `[::1]:0`; `:port` for every address. */
  readonly listen: string;
  /** Root of every `file_path`; the core's own state lies in `.sluice` below it. Made when missing. */
  readonly dataDir: string;
  /** The process's log. StreamLogs shows what the core writes to it. */
  readonly log: Logger;
  /** Whether each call has a line at level info; else it is at debug. Default true. */
  readonly logCalls?: boolean;
  /** How long `close` waits for calls to end before it cuts them. Default 10 000. */
  readonly graceMs?: number;
  /**
   * Whether calls without an identity are UNAUTHENTICATED, and names in chat, games and editing that are not it PERMISSION_DENIED. Default false. Reflection and
   * health stay open.
   */
  readonly requireIdentity?: boolean;
  /** The metadata that has the identity, which a gateway in front sets and strips from what clients send. Default "x-user-id". */
  readonly identityMetadata?: string;
  /** Whether each identity has files of its own. Default false. Needs `requireIdentity`. */
  readonly filesPerSubject?: boolean;
  /** A further item of the data stream comes every so many milliseconds. Default 100. */
  readonly dataIntervalMs?: number;
  /** How many items of the data stream are kept. Default: all; measured, the default interval then takes about 10 MB a day. */
  readonly dataRetain?: number;
  /** How many log entries are kept for StreamLogs. Default 10 000. */
  readonly logRetain?: number;
  /** The market moves every so many milliseconds. Default 1000, the second that `interval_seconds` counts in; less is for tests. */
  readonly marketTickMs?: number;
  /** A longer upload ends with RESOURCE_EXHAUSTED. Default 1 GiB. */
  readonly maxUploadBytes?: number;
  /** The latest deadline of a unary call. Default 30 000: no answer of the core takes seconds. */
  readonly maxUnaryMs?: number;
  /**
   * How long a connection lasts before the caller is told to open another; streams then have `graceMs` to end. Default: for ever. Set it
   * where callers must notice new replicas.
   */
  readonly maxConnectionAgeMs?: number;
  /** A silent connection is asked for a sign of life after so long, and given up 20 s later. Default 60 000. */
  readonly keepaliveMs?: number;
  /** Calls a connection may have at once. Default 10 000; callers wait for a free place or open another connection. */
  readonly maxCallsPerConnection?: number;
  /** Bytes of responses, and of requests, that a call may hold before its other side is paused. Default 65 536. */
  readonly callBufferBytes?: number;
}

/** Every option present and checked. */
export type ResolvedCoreOptions = Readonly<
  Required<Omit<CoreOptions, 'dataRetain' | 'maxConnectionAgeMs'>> & {
    readonly dataRetain: number | undefined;
    readonly maxConnectionAgeMs: number | undefined;
  }
>;

/** Checks and fills once; throws a RangeError that names the option and says what is right. */
export function resolveCoreOptions(given: CoreOptions): ResolvedCoreOptions {
  if (!/^(\[[0-9a-fA-F:.]+\]|[^\s:[\]/]+|):\d{1,5}$/.test(given.listen)) {
    throw new RangeError(
      `listen: must be host:port or :port, for example 127.0.0.1:50051, not ${given.listen}`,
    );
  }
  if (Number(given.listen.slice(given.listen.lastIndexOf(':') + 1)) > 65_535) {
    throw new RangeError(`listen: a port is at most 65535, not ${given.listen}`);
  }
  if (given.filesPerSubject === true && given.requireIdentity !== true) {
    throw new RangeError('filesPerSubject: needs requireIdentity');
  }
  if (given.dataDir === '') throw new RangeError('dataDir: must not be empty');
  return Object.freeze({
    listen: given.listen.startsWith(':') ? `[::]${given.listen}` : given.listen,
    dataDir: given.dataDir,
    log: given.log,
    logCalls: given.logCalls ?? true,
    graceMs: setting('graceMs', given),
    requireIdentity: given.requireIdentity ?? false,
    identityMetadata: identityName(given.identityMetadata ?? CORE_OPTIONS.identityMetadata.default),
    filesPerSubject: given.filesPerSubject ?? false,
    dataIntervalMs: setting('dataIntervalMs', given),
    dataRetain: optional('dataRetain', given.dataRetain),
    logRetain: integer('logRetain', given.logRetain ?? 10_000, 1),
    marketTickMs: integer('marketTickMs', given.marketTickMs ?? 1000, 1, MAX_TIMER_MS),
    maxUploadBytes: integer('maxUploadBytes', given.maxUploadBytes ?? 1024 ** 3, 0),
    maxUnaryMs: integer('maxUnaryMs', given.maxUnaryMs ?? 30_000, 1, MAX_TIMER_MS),
    maxConnectionAgeMs: optional('maxConnectionAgeMs', given.maxConnectionAgeMs, MAX_TIMER_MS),
    keepaliveMs: integer('keepaliveMs', given.keepaliveMs ?? 60_000, 1000, MAX_TIMER_MS),
    maxCallsPerConnection: integer(
      'maxCallsPerConnection',
      given.maxCallsPerConnection ?? 10_000,
      1,
      2 ** 31 - 1,
    ),
    callBufferBytes: integer('callBufferBytes', given.callBufferBytes ?? 65_536, 1),
  });
}

function identityName(name: string): string {
  try {
    assertIdentityName(name);
  } catch (cause) {
    throw new RangeError(`identityMetadata: ${(cause as Error).message}`, { cause });
  }
  return name.toLowerCase();
}

/** A number of the table of options, by its row. */
function setting(name: 'graceMs' | 'dataIntervalMs', given: CoreOptions): number {
  const { default: fallback, min, max } = CORE_OPTIONS[name];
  return integer(name, given[name] ?? fallback, min, max);
}

function integer(name: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new RangeError(`${name}: must be an integer from ${least} to ${most}, not ${value}`);
  }
  return value;
}

function optional(name: string, value: number | undefined, most?: number): number | undefined {
  return value === undefined ? undefined : integer(name, value, 1, most);
}
