import { MAX_WHOLE_NUMBER, type NumberOption } from './option.js';
import { assertNumber } from './read.js';

// The bounds and times of the gateway. What a limit protects, and what happens past it, is said in PROTOCOL.md, sections 10 and 16.

const MIB = 1024 * 1024;

/** Of numbers of bytes that are no memory of ours. */
const MAX_BYTES = 2 ** 50;

type LimitTable = Readonly<Record<string, NumberOption>>;

/** A time in milliseconds; at least one, unless `min` says otherwise. */
function time(value: number, help: string, min = 1): NumberOption {
  return { group: 'Times', type: 'number', unit: 'ms', default: value, min, max: MAX_WHOLE_NUMBER, help };
}

function limit(
  unit: NumberOption['unit'],
  value: number,
  help: string,
  more: Partial<NumberOption> = {},
): NumberOption {
  return {
    group: 'Limits',
    type: 'number',
    unit,
    default: value,
    min: 1,
    max: MAX_WHOLE_NUMBER,
    help,
    ...more,
  };
}

/** Those that the `limits:` section of the configuration file has as well; 0 switches one off. */
export const CLIENT_LIMITS = {
  /** More is 429. A page has a few dozen; a service that calls for many users needs more. */
  exchangesPerPrincipal: limit(
    'exchanges',
    200,
    'how many exchanges one principal (who calls, by its credential) may have open, from whatever addresses; 0: no limit',
    { min: 0 },
  ),
  /** 400 let 40 requests come in while 360 calls run; of those only a quarter of the places at the service may have a call. More is 429. */
  exchangesPerAddress: limit(
    'exchanges',
    400,
    'how many exchanges (requests, WebSockets, calls of sessions) one client address may have open; 0: no limit',
    { min: 0, defaultText: 'with calls on at most a quarter of the places at the service' },
  ),
  /** More is refused when it is accepted. */
  connectionsPerAddress: limit(
    'connections',
    200,
    'how many connections one client address may have open; 0: no limit',
    { min: 0 },
  ),
  /** More is 503. */
  exchanges: limit(
    'exchanges',
    20_000,
    'how many exchanges all clients together may have open; 0: no limit',
    {
      min: 0,
    },
  ),
  /** More is 429, until there is a token again. */
  callsPerSecond: limit(
    'callsPerSecond',
    100,
    'how many exchanges and sessions one principal, or one address without one, may begin in a second; 0: no limit',
    { min: 0 },
  ),
  /** What a page does that opens: everything at once, and then little. */
  callsBurst: limit('calls', 200, 'how many of these may begin at once, after a time without any', {
    defaultText: 'twice callsPerSecond',
  }),
  /** More waits: the body, or the socket, is not read meanwhile. */
  bytesPerSecond: limit(
    'bytesPerSecond',
    0,
    'how much of requests the gateway reads in a second from one principal, or from one address without one; 0: no limit',
    { min: 0, max: MAX_BYTES },
  ),
  /** More is 413. */
  uploadBytes: limit(
    'bytes',
    0,
    'the largest upload: a file, or all messages of a call that takes one; 0: no limit',
    {
      min: 0,
      max: MAX_BYTES,
    },
  ),
  /** More is 503. A second is longer than anything here takes; whoever waits so long sees a gateway that hangs. */
  eventLoopDelayMs: limit(
    'ms',
    1_000,
    'how late the process may be in its own work before new exchanges are refused; 0: no limit',
    { min: 0 },
  ),
  /** More is 503, for the newest message of the address that holds most. */
  unfinishedBytes: limit(
    'bytes',
    64 * MIB,
    'how much the unfinished messages of all clients may hold together; 0: no limit',
    { min: 0 },
  ),
  /** More is 429. */
  detachedPerPrincipal: limit(
    'calls',
    20,
    'how many calls that outlive their clients one principal may have running; 0: no limit',
    { min: 0 },
  ),
  /** More is 503. */
  detached: limit(
    'calls',
    1_000,
    'how many calls that outlive their clients may run, of all principals together; 0: no limit',
    { min: 0 },
  ),
} as const satisfies LimitTable;

/** Every bound and time that can be set. */
export const LIMIT_OPTIONS = {
  ...CLIENT_LIMITS,
  /** What HTTP/2 servers allow on a connection. One more closes the session with 4429. */
  sessionCalls: limit('calls', 100, 'how many calls one session (a WebSocket with many calls) may have open'),
  /** gRPC's own limit everywhere. */
  maxMessageBytes: limit('bytes', 4 * MIB, 'the largest message in either direction'),
  /** Four recordings at the default of `max_bytes`. Past it the oldest messages of the largest recording go. */
  journalBytes: limit('bytes', 64 * MIB, 'how much all recordings together may hold in memory', {
    min: 64 * 1024,
  }),
  /** A few thousand prices. Past it the oldest message goes. */
  slowReaderBytes: limit(
    'bytes',
    MIB,
    'how much of a stream the gateway keeps for a slow client, where the method says that the service does not wait',
  ),
  /** Node's own limit, and more than most servers take. More is 431. */
  maxHeadBytes: limit('bytes', 16 * 1024, 'the largest head of a request: its request line and its headers', {
    min: 1024,
  }),
  unaryTimeoutMs: time(30_000, 'deadline of a unary call whose client sets none; 0: none', 0),
  headWaitMs: time(
    250,
    "how long the head of a stream's response waits for the service, so that an early failure keeps its HTTP status",
  ),
  /** As the SSE standard advises. */
  heartbeatMs: time(
    15_000,
    'the longest silence on SSE, NDJSON, a JSON array or a WebSocket before the gateway sends a heartbeat',
  ),
  flushMs: time(
    0,
    'minimum time between two writes to one stream; a few save CPU time when messages trickle in',
    0,
  ),
  /** 4 MiB at 70 KB a second. Only time in which we wait for the client counts. More is 408, or DEADLINE_EXCEEDED in a call. */
  messageTimeoutMs: time(60_000, 'how long a client may take to finish a message that it has begun'),
  /** While we wait for a message. More is 408. */
  bodyIdleMs: time(300_000, 'the longest silence of a request body between two messages'),
  /** Long enough for a laptop lid. More ends the exchange. */
  maxPauseMs: time(
    300_000,
    'how long a client may read nothing of what the gateway sends, or the service nothing of what a client sends, before the call is ended',
  ),
  /** From the connection or the first byte on. More is 408. */
  requestHeadMs: time(30_000, 'how long the head of a request may take to arrive'),
} as const satisfies LimitTable;

/** Bounds that only a program or a test changes. */
export const INNER_LIMITS = {
  /**
   * What is written towards a client, beyond what the kernel has taken, before the service is paused. The kernel's own buffer keeps the line
   * busy until there is more: another one here would only be held for those who do not read.
   */
  highWaterBytes: limit(
    'bytes',
    4 * 1024,
    'what may wait to be taken by one client before its service is paused',
  ),
  /** The real value is spread around it. */
  retryMs: time(2_000, 'what `retry:` tells an EventSource after a failure that may pass'),
  /** Past it the session is closed with 4408. */
  firstFrameMs: time(10_000, 'how long a session may wait for its first frame'),
} as const satisfies LimitTable;

/** The bounds and times of the gateway; complete, resolved once when it opens. In the units of their rows. */
export type Limits = { readonly [Name in keyof typeof LIMIT_OPTIONS]: number } & {
  readonly [Name in keyof typeof INNER_LIMITS]: number;
};

const ALL_LIMITS: LimitTable = { ...LIMIT_OPTIONS, ...INNER_LIMITS };

export const DEFAULT_LIMITS = Object.freeze(
  Object.fromEntries(Object.entries(ALL_LIMITS).map(([name, row]) => [name, row.default])),
) as Limits;

/** The defaults with what is given in their place. Throws a RangeError that names the limit and says what it may be. */
export function resolveLimits(given: Partial<Limits>): Limits {
  const limits: Limits = { ...DEFAULT_LIMITS, ...given };
  for (const [name, value] of Object.entries(limits)) {
    const row = ALL_LIMITS[name];
    if (row !== undefined) assertNumber(name, row, value);
  }
  return Object.freeze(limits);
}
