import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2';
import { Code, type Metadata, RpcError, type Status } from '../../status/index.js';
import type { Inbox } from '../inbox.js';
import { localStatus } from '../received-status.js';
import { isGrpcContentType, statusFromHttp, statusFromReset, statusFromTrailers } from './call-end.js';
import type { Connection } from './connection.js';
import { Deframer, unpinned } from './framing.js';
import { firstValue, pairsFromRaw, type RawHeaders, rawFrom } from './headers.js';
import { type Inflate, inflateOf } from './inflate.js';

export interface ResponseOptions {
  readonly stream: ClientHttp2Stream;
  readonly connection: Connection;
  readonly maxMessageBytes: number;
  readonly readAheadBytes: number;
  readonly onHeaders: (headers: Metadata) => void;
  /** It is known that the call is over; messages may still be there to read. At most once. */
  readonly onOver: () => void;
  /** Everything that had arrived is in the inbox, and this is how the call ended. At most once, after `onOver`. */
  readonly onDry: (status: Status) => void;
  /** Instead of both: the peer has not looked at the call. */
  readonly onUntouched: (status: Status) => void;
  /** The stream is over and about to go. At most once, before `onGone`. */
  readonly onLeaving: () => void;
  /** The stream is gone, and with it its place on the connection; whether `onLeaving` came before. Exactly once. */
  readonly onGone: (wasLeaving: boolean) => void;
  /** The reader keeps up with more than the window lets through in one go. */
  readonly onFast: () => void;
}

const noEncoding = inflateOf(undefined, 0);

/** How long the end of our requests may stay unsent after the service has ended the call. */
const lingerMs = 1_000;

/**
 * The answers of one stream, as messages in an inbox.
 *
 * Nothing that has arrived is lost, however the stream ends: while the inbox is full the stream is paused and what
 * the peer may still send waits in Node, at most a window; when the stream is gone the rest is taken from there.
 */
export class Response {
  readonly inbox: Inbox;
  readonly #options: ResponseOptions;
  readonly #deframer: Deframer;
  #inflate: Inflate = noEncoding;
  #httpStatus = 0;
  #sawAnything = false;
  #paused = false;
  #decoding = false;
  /** Nothing more will come from the stream. */
  #over = false;
  #dry = false;
  #leaving = false;
  #gone = false;
  #status: Status | undefined;
  /** Received since the reader took something last. */
  #freshBytes = 0;

  constructor(options: ResponseOptions, inbox: Inbox) {
    this.#options = options;
    this.inbox = inbox;
    this.#deframer = new Deframer(options.maxMessageBytes);
    const { stream } = options;
    // The close event says the same, and comes always.
    stream.on('error', () => {});
    // Node hands the raw block on as a third argument; only there are repeated names told apart.
    stream.on('response', (headers: IncomingHttpHeaders, flags: number, raw?: RawHeaders) =>
      this.#onResponse(headers, flags, raw ?? rawFrom(headers)),
    );
    stream.on('trailers', (headers: IncomingHttpHeaders, _flags: number, raw?: RawHeaders) =>
      this.#onTrailers(raw ?? rawFrom(headers)),
    );
    stream.on('end', () => this.#onEnd());
    stream.on('close', () => this.#onClose());
    stream.on('data', this.#onData);
  }

  /** The reader has taken what was there. */
  onTaken(): void {
    const { connection, stream, onFast } = this.#options;
    if (!this.#paused && this.#freshBytes >= connection.bytes / 2) onFast();
    this.#freshBytes = 0;
    if (this.#decoding) return;
    this.#decode();
    if (this.#paused && !this.#isFull) {
      this.#unpause();
      stream.resume();
    }
  }

  /** Ends the stream from our side; messages that have arrived stay readable. */
  fail(status: Status): void {
    this.#setStatus(status);
    this.#reset(constants.NGHTTP2_CANCEL);
  }

  /** The same without the messages: nobody will read them. */
  abandon(): void {
    this.#over = true;
    this.#dry = true;
    this.#stopReading();
  }

  get #isFull(): boolean {
    const { inbox } = this;
    return !inbox.isEmpty && inbox.bytes + this.#deframer.gatheredBytes >= this.#options.readAheadBytes;
  }

  #onResponse(headers: IncomingHttpHeaders, flags: number, raw: RawHeaders): void {
    this.#heard();
    this.#httpStatus = Number(headers[':status'] ?? 0);
    const contentType = firstValue(raw, 'content-type');
    if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) {
      this.#setStatus(statusFromTrailers(raw, this.#httpStatus));
      return;
    }
    if (!isGrpcContentType(contentType)) {
      this.#refuseBytes(
        statusFromHttp(this.#httpStatus, `and content-type ${JSON.stringify(contentType ?? '')}`),
      );
      return;
    }
    const encoding = firstValue(raw, 'grpc-encoding');
    if (encoding !== undefined) this.#inflate = inflateOf(encoding, this.#options.maxMessageBytes);
    this.#options.onHeaders(pairsFromRaw(raw));
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#heard();
    this.#freshBytes += chunk.length;
    this.#deframer.push(this.inbox.isAwaited ? chunk : unpinned(chunk));
    this.#decode();
  };

  #onTrailers(raw: RawHeaders): void {
    this.#heard();
    this.#setStatus(statusFromTrailers(raw, this.#httpStatus));
  }

  /** Everything that came before END_STREAM has been seen. A stream that was reset says so when it closes. */
  #onEnd(): void {
    const { stream } = this.#options;
    if (this.#over || (!this.#status && (stream.rstCode !== 0 || stream.destroyed))) return;
    this.#setStatus(this.#status ?? this.#statusWithoutTrailers());
    this.#finish();
    // The service is through, so nobody will hear the rest of the requests.
    if (!stream.writableEnded) this.#reset(constants.NGHTTP2_CANCEL);
    else if (!stream.writableFinished) {
      const linger = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), lingerMs);
      stream.once('close', () => clearTimeout(linger));
    }
    this.#expectGone();
  }

  #onClose(): void {
    const { stream, connection, onUntouched } = this.#options;
    if (!this.#over) {
      // What Node still holds of a stream that was paused when it went.
      for (
        let chunk = stream.read() as Buffer | null;
        chunk !== null;
        chunk = stream.read() as Buffer | null
      ) {
        this.#deframer.push(chunk);
      }
      const { rstCode, id } = stream;
      const status = this.#status ?? this.#statusOfLoss(rstCode);
      const untouched =
        rstCode === constants.NGHTTP2_REFUSED_STREAM || id === undefined || id > connection.lastStreamId;
      if (!this.#status && !this.#sawAnything && untouched) {
        this.#over = true;
        this.#dry = true;
        this.#leave();
        onUntouched(status);
        return;
      }
      this.#setStatus(status);
      this.#finish();
    }
    this.#unpause();
    this.#leave();
  }

  /**
   * At the end of the turn. Whoever calls may be running inside nghttp2's own reading, where a reset frees what it
   * still uses: Node then loops for ever or dies. Source: nodejs/node issues 38964 and 64113.
   */
  #reset(code: number): void {
    this.#expectGone();
    const { stream, connection } = this.#options;
    setImmediate(() => {
      if (!stream.closed && !stream.destroyed) connection.countReset();
      stream.close(code);
    });
  }

  #expectGone(): void {
    if (this.#gone || this.#leaving) return;
    this.#leaving = true;
    this.#options.onLeaving();
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#options.onGone(this.#leaving);
  }

  #statusOfLoss(code: number): Status {
    const { connection } = this.#options;
    // Node reports a lost connection as CANCEL on each of its streams.
    if (connection.isLost) {
      const message = 'the connection to the upstream was lost';
      return localStatus(Code.UNAVAILABLE, `${message}: ${connection.reason}`, message);
    }
    return code === constants.NGHTTP2_NO_ERROR ? this.#statusWithoutTrailers() : statusFromReset(code);
  }

  #statusWithoutTrailers(): Status {
    return this.#httpStatus !== 0 && this.#httpStatus !== 200
      ? statusFromHttp(this.#httpStatus, 'without trailers')
      : statusFromReset(constants.NGHTTP2_NO_ERROR);
  }

  /** Hands on what can be decoded and held. */
  #decode(): void {
    const { inbox } = this;
    const deframer = this.#deframer;
    this.#decoding = true;
    try {
      for (;;) {
        if (this.#isFull && !inbox.deliver()) {
          this.#pause();
          return;
        }
        const message = deframer.next();
        if (message === undefined) break;
        inbox.push(deframer.isCompressed ? this.#inflate(message) : message);
      }
    } catch (reason) {
      this.#refuseBytes(RpcError.from(reason).toStatus());
      return;
    } finally {
      this.#decoding = false;
    }
    if (this.#over) this.#settle();
  }

  #pause(): void {
    if (this.#paused || this.#over) return;
    this.#paused = true;
    this.#options.connection.stalled++;
    this.#options.stream.pause();
  }

  #unpause(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#options.connection.stalled--;
  }

  /** What comes is not gRPC, or too large: the rest is not looked at. A failure of the service's own stands. */
  #refuseBytes(status: Status): void {
    const told = this.#status;
    this.#status = told === undefined || told.code === Code.OK ? status : { ...told, truncated: true };
    if (!told) this.#options.onOver();
    this.#over = true;
    this.#stopReading();
    this.#settle();
  }

  #stopReading(): void {
    const { stream } = this.#options;
    stream.removeListener('data', this.#onData);
    this.#unpause();
    this.#reset(constants.NGHTTP2_CANCEL);
    // Flowing, so that what Node holds is let go.
    stream.resume();
  }

  #finish(): void {
    this.#over = true;
    this.#decode();
  }

  #settle(): void {
    if (this.#dry || !this.#status) return;
    this.#dry = true;
    const cut = this.#status.code === Code.OK && this.#deframer.isMidMessage;
    this.#options.onDry(
      cut
        ? localStatus(Code.INTERNAL, 'the upstream ended the call in the middle of a message')
        : this.#status,
    );
  }

  #setStatus(status: Status): void {
    if (this.#status) return;
    this.#status = status;
    this.#options.onOver();
  }

  #heard(): void {
    this.#sawAnything = true;
    this.#options.connection.keepalive.heard();
  }
}
