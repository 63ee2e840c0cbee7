import type { IncomingHttpHeaders } from 'node:http';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { memory } from '../../memory/index.js';
import { TokenBucket } from '../../security/index.js';
import { hasTaken } from '../../surfaces/index.js';

/** How long a connection without a stream is kept at least, in milliseconds: as long as one of HTTP/1.1. Each heartbeat looks. */
const IDLE_MS = 72_000;

/** How long a client may take to read the rest of a connection that we have closed, in milliseconds. */
const LINGER_MS = 2_000;

/**
 * What all streams of a connection together may be sent ahead, in bytes. It bounds nothing that we hold, because what comes is taken off it at once: that
 * is for the windows of the streams. So it is large enough not to slow one down for its neighbours.
 */
const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;

/**
 * What a client may send ahead on one stream of a connection at first, in bytes: half of what HTTP/2 has without a word. What a client sends ahead is what
 * we hold of a body that is not read, in memory that the C library keeps, and most clients send none that is large.
 */
export const FIRST_WINDOW_BYTES = 32 * 1024;

/**
 * The same once a body moves on it. With this one, an upload of a client that is 25 ms away brings ten megabytes a second, and with the first one an eighth
 * of that.
 */
const WIDE_WINDOW_BYTES = 256 * 1024;

/** Frames that need an answer and belong to no request: a flood of them costs us more than its client, and nothing else bounds it. PING frames, each of which is answered: clients of gRPC send one for each read of a fast stream, and no client sends more. */
const PINGS = { burst: 2_000, perSecond: 1_000 };
/** SETTINGS frames: clients send one, and another one seldom. */
const SETTINGS = { burst: 100, perSecond: 10 };

/**
 * Streams that a client may reset before they are answered, each of which may have cost a call: a page that is left resets all it has, and one that
 * searches as somebody types resets some a second.
 */
const RESETS = { burst: 500, perSecond: 50 };

/** The code of a connection that asks for too much. Source: RFC 9113 section 7. */
const ENHANCE_YOUR_CALM = 11;
const TOO_MANY = new Error('more frames than any client has a use for');

export interface StreamConnectionOptions {
  /** How long its client may take to its first request, in milliseconds. */
  readonly firstStreamMs: number;
  readonly idleMs?: number;
  /** How often a client is asked whether it is there, and how long it may take to say so, in milliseconds. */
  readonly heartbeatMs: number;
  /** A request has come. */
  readonly onStream: (
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
  ) => void;
}

/** A connection of a client that speaks HTTP/2, from its preface on. Ends when its client is idle, or sends what no client has a use for. */
export class StreamConnection {
  readonly #session: ServerHttp2Session;
  readonly #socket: Socket;
  readonly #idleMs: number;
  readonly #pings = new TokenBucket(PINGS.burst, PINGS.perSecond);
  readonly #resets = new TokenBucket(RESETS.burst, RESETS.perSecond);
  readonly #settings = new TokenBucket(SETTINGS.burst, SETTINGS.perSecond);
  readonly #heartbeat: NodeJS.Timeout;
  readonly #onAborted: (this: ServerHttp2Stream) => void;
  /** It has been asked, and has not answered. */
  #isAsked = false;
  #isWide = false;
  #streams = 0;
  /** When the last stream closed, in milliseconds of `performance`: a timer for each pause between two would cost more than to look. */
  #idleSince = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout;

  constructor(
    session: ServerHttp2Session,
    socket: Socket,
    { firstStreamMs, idleMs = IDLE_MS, heartbeatMs, onStream }: StreamConnectionOptions,
  ) {
    this.#session = session;
    this.#socket = socket;
    this.#idleMs = idleMs;
    const spendReset = () => this.#spend(this.#resets);
    // Our own resets destroy the stream first.
    const onAborted = function (this: ServerHttp2Stream) {
      if (!this.destroyed) spendReset();
    };
    this.#onAborted = onAborted;
    this.#timer = setTimeout(this.#end, firstStreamMs).unref();
    this.#heartbeat = setInterval(this.#ask, heartbeatMs).unref();
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    session.on('ping', () => this.#spend(this.#pings));
    session.on('remoteSettings', () => this.#spend(this.#settings));
    session.on('stream', (stream, headers, _flags, ...more: unknown[]) => {
      this.#begun(stream);
      onStream(stream, headers, more[0] as readonly string[]);
    });
    session.once('close', () => {
      clearTimeout(this.#timer);
      clearInterval(this.#heartbeat);
    });
    // Sockets of an HTTP/1 server stay half open, and Node's HTTP/2 does not look: a client of HTTP/2 that ends its connection has left.
    socket.once('end', () => this.cut());
  }

  /** A body moves here: its client may send further ahead from now on, unless memory is short. */
  readonly widen = (): void => {
    if (this.#isWide || memory.isCrowded || this.#session.destroyed) return;
    this.#isWide = true;
    this.#session.settings({ initialWindowSize: WIDE_WINDOW_BYTES });
  };

  /** Serves no further stream, and ends with the last one. Source: RFC 9113 section 6.8. */
  drain(): void {
    if (this.#streams === 0) this.#end();
    else this.#session.close();
  }

  /** Ends it now. */
  cut(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#heartbeat);
    this.#session.destroy();
    this.#socket.destroy();
  }

  #begun(stream: ServerHttp2Stream): void {
    clearTimeout(this.#timer);
    this.#streams += 1;
    this.#idleSince = Number.POSITIVE_INFINITY;
    // One that is reset in the turn in which it came has said so before.
    if (stream.aborted) this.#spend(this.#resets);
    // Each comes once. The same two functions for all streams, which costs less than two each.
    else stream.on('aborted', this.#onAborted);
    stream.on('close', this.#onClosed);
  }

  readonly #onClosed = (): void => {
    this.#streams -= 1;
    if (this.#streams > 0 || this.#session.destroyed) return;
    if (this.#session.closed) this.#end();
    else this.#idleSince = performance.now();
  };

  /** Says good-bye; a client that does not read it loses the connection. */
  readonly #end = (): void => {
    clearTimeout(this.#timer);
    this.#idleSince = Number.POSITIVE_INFINITY;
    this.#timer = setTimeout(() => this.cut(), LINGER_MS);
    this.#socket.once('close', () => clearTimeout(this.#timer));
    this.#session.close();
  };

  /**
   * A client that does not answer although it has taken everything is cut: it has vanished, or Node has given the connection up after a frame that is
   * wrong, and then reads nothing of it any more.
   */
  readonly #ask = (): void => {
    if (performance.now() - this.#idleSince >= this.#idleMs) {
      this.#end();
      return;
    }
    if (this.#isAsked) {
      void hasTaken(this.#socket).then((isTaken) => {
        if (isTaken && this.#isAsked) this.cut();
      });
      return;
    }
    this.#isAsked = true;
    const answered = () => {
      this.#isAsked = false;
    };
    if (!this.#session.destroyed && !this.#session.ping(answered)) answered();
  };

  #spend(budget: TokenBucket): void {
    if (budget.take() || this.#session.destroyed) return;
    // The client has a moment to read why.
    this.#session.destroy(TOO_MANY, ENHANCE_YOUR_CALM);
    setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
  }
}
