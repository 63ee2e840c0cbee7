import { Code, type Metadata, type Status } from '../../../status/index.js';
import type { ReceivedMessages } from '../../received-messages.js';
import { localStatus } from '../../received-status.js';
import { type ClientStream, ErrorCode, type RawHeaders, type StreamHandler } from '../h2/index.js';
import type { PooledConnection } from '../pool/index.js';
import { firstValue, pairsFromRaw } from './call-headers.js';
import {
  isGrpcContentType,
  statusFromBreach,
  statusFromHttp,
  statusFromReset,
  statusFromTrailers,
} from './grpc-status.js';
import { ResponseReader, type ResponseReaderOptions } from './response-reader.js';

export interface CallResponseOptions extends Omit<ResponseReaderOptions, 'onBroken'> {
  readonly connection: PooledConnection;
  readonly onHeaders: (headers: Metadata) => void;
  /** It is known that the call is over; messages may still be there to read. At most once. */
  readonly onOver: () => void;
  /** Everything that arrived has been decoded, and this is how the call ended. At most once, after `onOver`. */
  readonly onReadOut: (status: Status) => void;
  /** Instead of both: the peer has not looked at the call. */
  readonly onRefused: (status: Status) => void;
  /** The stream is gone, by a reset of ours or not, and with it its place on the connection. Exactly once. */
  readonly onGone: (wasReset: boolean) => void;
  /** The stream takes more requests. */
  readonly onRoom: () => void;
}

/** How long the end of our requests may stay unsent after the service has ended the call, in milliseconds. */
const LINGER_MS = 1_000;

/** The answer of one stream: its headers, its messages, how it ended. Nothing that has arrived is lost, however it ends. */
export class CallResponse implements StreamHandler {
  readonly #options: CallResponseOptions;
  readonly #reader: ResponseReader;
  #stream: ClientStream | undefined;
  #httpStatus = 0;
  #sawAnything = false;
  /** Nothing more will come from the stream. */
  #over = false;
  #readOut = false;
  #gone = false;
  #lingerTimer: NodeJS.Timeout | undefined;
  #status: Status | undefined;

  constructor(options: CallResponseOptions, inbox: ReceivedMessages) {
    this.#options = options;
    this.#reader = new ResponseReader({ ...options, onBroken: (status) => this.#refuse(status) }, inbox);
  }

  /** The stream whose handler this is. Once, before anything is heard of it. */
  attach(stream: ClientStream): void {
    this.#stream = stream;
    this.#reader.attach(stream);
  }

  /** The reader has taken what was there. */
  onTaken(): void {
    this.#reader.onTaken();
    this.#settle();
  }

  /** Ends the stream from our side; messages that have arrived stay readable. */
  fail(status: Status): void {
    if (this.#over) return;
    this.#setStatus(status);
    this.#reset();
    this.#finish();
  }

  /** The same without the messages: nobody will read them. */
  abandon(): void {
    this.#over = true;
    this.#readOut = true;
    this.#reset();
  }

  onHeaders(headers: RawHeaders, httpStatus: number, isEnd: boolean): void {
    this.#sawAnything = true;
    this.#httpStatus = httpStatus;
    if (this.#over) return;
    if (isEnd) {
      this.#setStatus(statusFromTrailers(headers, httpStatus));
      return;
    }
    const contentType = firstValue(headers, 'content-type');
    if (!isGrpcContentType(contentType)) {
      this.#refuse(statusFromHttp(httpStatus, `and content-type ${JSON.stringify(contentType ?? '')}`));
      return;
    }
    const encoding = firstValue(headers, 'grpc-encoding');
    if (encoding !== undefined) this.#reader.encoding = encoding;
    this.#options.onHeaders(pairsFromRaw(headers));
  }

  onData(bytes: Uint8Array): void {
    if (!this.#over) this.#reader.push(bytes);
  }

  onTrailers(headers: RawHeaders): void {
    if (!this.#over) this.#setStatus(statusFromTrailers(headers, this.#httpStatus));
  }

  onEnd(): void {
    const stream = this.#stream;
    if (this.#over || stream === undefined) return;
    this.#setStatus(this.#status ?? this.#statusWithoutTrailers());
    this.#finish();
    // The service is through, so nobody will hear the rest of the requests.
    if (!stream.endQueued) this.#reset();
    else if (!stream.endSent) this.#lingerTimer = setTimeout(() => this.#reset(), LINGER_MS);
  }

  onClosed(code: number, breach?: string): void {
    if (!this.#over) {
      const status =
        this.#status ?? (breach === undefined ? this.#statusOfLoss(code) : statusFromBreach(code, breach));
      if (!this.#status && !this.#sawAnything && code === ErrorCode.REFUSED_STREAM) {
        this.#over = true;
        this.#readOut = true;
        this.#leave();
        this.#options.onRefused(status);
        return;
      }
      this.#setStatus(status);
      this.#finish();
    }
    this.#leave();
  }

  onRoom(): void {
    this.#options.onRoom();
  }

  #reset(): void {
    const stream = this.#stream;
    const resets = stream !== undefined && !stream.isClosed;
    if (resets) {
      this.#options.connection.countReset();
      stream.reset(ErrorCode.CANCEL);
    }
    this.#leave(resets);
  }

  #leave(wasReset = false): void {
    if (this.#gone) return;
    this.#gone = true;
    clearTimeout(this.#lingerTimer);
    if (this.#stream !== undefined) this.#options.budget.delete(this.#stream);
    this.#options.onGone(wasReset);
  }

  #statusOfLoss(code: number): Status {
    const { connection } = this.#options;
    // A lost connection is CANCEL on each of its streams.
    if (connection.isLost) {
      const message = 'the connection to the upstream was lost';
      return localStatus(Code.UNAVAILABLE, `${message}: ${connection.reason}`, message);
    }
    return code === ErrorCode.NO_ERROR ? this.#statusWithoutTrailers() : statusFromReset(code);
  }

  #statusWithoutTrailers(): Status {
    return this.#httpStatus !== 0 && this.#httpStatus !== 200
      ? statusFromHttp(this.#httpStatus, 'without trailers')
      : statusFromReset(ErrorCode.NO_ERROR);
  }

  /** What comes is not gRPC, or too large: the rest is not looked at. A failure of the service's own stands. */
  #refuse(status: Status): void {
    const told = this.#status;
    this.#status = told === undefined || told.code === Code.OK ? status : { ...told, truncated: true };
    if (!told) this.#options.onOver();
    this.#over = true;
    this.#reset();
    this.#end(this.#status);
  }

  #finish(): void {
    this.#over = true;
    this.#reader.decode();
    this.#settle();
  }

  /** Over and handed on: the end. */
  #settle(): void {
    if (!this.#over || !this.#status || !this.#reader.isEmpty) return;
    const cut = this.#status.code === Code.OK && this.#reader.isMidMessage;
    const message = 'the upstream ended the call in the middle of a message';
    this.#end(cut ? localStatus(Code.INTERNAL, message) : this.#status);
  }

  #end(status: Status): void {
    if (this.#readOut) return;
    this.#readOut = true;
    this.#options.onReadOut(status);
  }

  #setStatus(status: Status): void {
    if (this.#status) return;
    this.#status = status;
    this.#options.onOver();
  }
}
