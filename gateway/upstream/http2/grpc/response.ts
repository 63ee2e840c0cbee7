import { createDeferred, type Deferred, Outcome } from '../../../async/index.js';
import type { Metadata, Status } from '../../../status/index.js';
import type { Batch } from '../../batch.js';
import { localStatus } from '../../received-status.js';
import type { CallWaiting } from '../../transport.js';
import { type ClientStream, ErrorCode, type RawHeaders, type StreamHandler } from '../h2/index.js';
import type { ConnectionPool, PooledConnection } from '../pool/index.js';
import { firstValue, pairsFromRaw } from './call-headers.js';
import {
  isGrpcContentType,
  statusFromBreach,
  statusFromHttp,
  statusFromReset,
  statusFromTrailers,
} from './grpc-status.js';
import { MessageReader, type MessageReaderOptions } from './message-reader.js';
import { ReadGathering } from './read-gathering.js';
import type { ReadListener } from './read-listener.js';
import type { RequestSender } from './request-sender.js';
import { statusWithFault } from './status-with-fault.js';

export interface CallResponseOptions extends MessageReaderOptions {
  readonly pool: ConnectionPool;
}

/** The call that a response belongs to. */
export interface ResponseOwner {
  /** The peer has not looked at the call: a further stream may be attached, or `fail` called. */
  onRefused(status: Status): void;
  /** It is over, and both promises are settled. Once. */
  onOver(): void;
}

/** How long the end of our requests may stay unsent after the service has ended the call, in milliseconds. */
const LINGER_MS = 1_000;

/**
 * The response of one call: its metadata, its messages, its status. Nothing that arrived is lost, however the stream ends.
 *
 *     waiting --headers--> receiving --end, reset, failure--> reading --everything read--> over
 *        |                     |                                 |                          ^
 *        +---------------------+-------- cancel: what was not read is dropped -------------+
 */
export class CallResponse implements StreamHandler, ReadListener {
  readonly #pool: ConnectionPool;
  readonly #requests: RequestSender;
  readonly #owner: ResponseOwner;
  readonly #reader: MessageReader;
  /** From the second read of the socket on that brings messages: most calls have one. */
  #gathering: ReadGathering | undefined;
  /** What this read has brought: bytes, in so many pieces, which are frames or parts of some. */
  #readBytes = 0;
  #readPieces = 0;
  #wasRead = false;
  readonly #headers = new Outcome<Metadata | undefined>();
  /** Made when somebody waits: most ask when the call is over. */
  #settled: Deferred<Status> | undefined;
  #state: 'waiting' | 'receiving' | 'reading' | 'over' = 'waiting';
  /** Both until the place on the connection is given back. */
  #stream: ClientStream | undefined;
  #connection: PooledConnection | undefined;
  #httpStatus = 0;
  #status: Status | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;

  constructor(options: CallResponseOptions, requests: RequestSender, owner: ResponseOwner) {
    this.#pool = options.pool;
    this.#requests = requests;
    this.#owner = owner;
    this.#reader = new MessageReader(options, this);
  }

  get headers(): Promise<Metadata | undefined> {
    return this.#headers.promise;
  }

  get status(): Promise<Status> {
    if (this.#state === 'over' && this.#status !== undefined) return Promise.resolve(this.#status);
    this.#settled ??= createDeferred<Status>();
    return this.#settled.promise;
  }

  /** Everything has been read or dropped. */
  get isOver(): boolean {
    return this.#state === 'over';
  }

  /** A stream is open, or has been and the call has ended. */
  get hasBegun(): boolean {
    return this.#stream !== undefined || this.#state !== 'waiting';
  }

  /** See `Call.waiting`. */
  waiting(): CallWaiting | undefined {
    return this.#stream?.waiting();
  }

  /** See `Call.read`. */
  read(): Promise<Batch | undefined> {
    return this.#reader.read();
  }

  /** The stream whose handler this is, before anything is heard of it. */
  attach(stream: ClientStream, connection: PooledConnection): void {
    this.#stream = stream;
    this.#connection = connection;
    this.#reader.attach(stream);
    this.#requests.attach(stream);
  }

  /** Ends the call from our side, unless it has ended; messages that arrived stay readable. */
  fail(status: Status): void {
    if (this.#hasEnded) return;
    this.#setStatus(status);
    this.#reset();
    this.#finish();
  }

  /** Ends the call now, unless it is over. A status that is known stands, without the messages that were not read. */
  cancel(): void {
    if (this.#state === 'over') return;
    const isKnown = this.#state === 'reading';
    this.#reset();
    const dropped = this.#reader.drop();
    const status = isKnown ? this.#status : undefined;
    this.#end(
      status === undefined
        ? localStatus('CANCELLED', 'cancelled')
        : { ...status, truncated: status.truncated || dropped },
    );
  }

  onHeaders(headers: RawHeaders, httpStatus: number, isEnd: boolean): void {
    this.#httpStatus = httpStatus;
    if (this.#hasEnded) return;
    this.#state = 'receiving';
    if (isEnd) {
      this.#setStatus(statusFromTrailers(headers, httpStatus));
      return;
    }
    const contentType = firstValue(headers, 'content-type');
    if (!isGrpcContentType(contentType)) {
      this.fail(statusFromHttp(httpStatus, `and content-type ${JSON.stringify(contentType ?? '')}`));
      return;
    }
    const encoding = firstValue(headers, 'grpc-encoding');
    if (encoding !== undefined) this.#reader.encoding = encoding;
    this.#requests.commit();
    this.#headers.resolve(pairsFromRaw(headers));
  }

  onData(bytes: Buffer, start: number, end: number): void {
    if (this.#hasEnded) return;
    this.#readBytes += end - start;
    this.#readPieces += 1;
    this.#reader.push(bytes, start, end);
    if (this.#reader.fault !== undefined) this.fail(this.#reader.fault);
  }

  onReadEnd(): void {
    const stream = this.#stream;
    if (this.#hasEnded || stream === undefined) return;
    const bytes = this.#readBytes;
    const pieces = this.#readPieces;
    this.#readBytes = 0;
    this.#readPieces = 0;
    if (this.#wasRead) {
      this.#gathering ??= new ReadGathering(this.#reader, () => stream.restFromReading());
      this.#gathering.onReadEnd(bytes, pieces);
    } else this.#reader.flush();
    this.#wasRead = true;
    if (this.#reader.fault !== undefined) this.fail(this.#reader.fault);
  }

  onTrailers(headers: RawHeaders): void {
    if (!this.#hasEnded) this.#setStatus(statusFromTrailers(headers, this.#httpStatus));
  }

  onEnd(): void {
    const stream = this.#stream;
    if (this.#hasEnded || stream === undefined) return;
    if (this.#status === undefined) this.#setStatus(this.#statusWithoutTrailers());
    this.#finish();
    // The service is through and reads no more requests.
    if (!stream.endQueued) this.#reset();
    else if (!stream.endSent) this.#lingerTimer = setTimeout(() => this.#reset(), LINGER_MS);
  }

  onClosed(code: number, breach?: string): void {
    if (!this.#hasEnded) {
      const status = breach === undefined ? this.#statusOfLoss(code) : statusFromBreach(code, breach);
      if (this.#state === 'waiting' && code === ErrorCode.REFUSED_STREAM) {
        this.#release(false);
        this.#requests.detach();
        this.#owner.onRefused(status);
        return;
      }
      this.#setStatus(status);
      this.#finish();
    }
    this.#release(false);
  }

  onRoom(): void {
    this.#requests.onRoom();
  }

  /** Nothing more is taken from the stream. */
  get #hasEnded(): boolean {
    return this.#state === 'reading' || this.#state === 'over';
  }

  #reset(): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    const resets = !stream.isClosed;
    if (resets) {
      this.#connection?.countReset();
      stream.reset(ErrorCode.CANCEL);
    }
    this.#release(resets);
  }

  /** Gives the place on the connection back. */
  #release(wasReset: boolean): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#stream = undefined;
    this.#connection = undefined;
    clearTimeout(this.#lingerTimer);
    this.#reader.detach();
    this.#pool.release(connection, wasReset);
  }

  #statusOfLoss(code: number): Status {
    const connection = this.#connection;
    // A lost connection is CANCEL on each of its streams.
    if (connection?.isLost) {
      const message = 'the connection to the upstream was lost';
      return localStatus('UPSTREAM_CONNECTION_LOST', `${message}: ${connection.reason}`, {
        publicMessage: message,
        isBroken: true,
      });
    }
    return code === ErrorCode.NO_ERROR ? this.#statusWithoutTrailers() : statusFromReset(code);
  }

  #statusWithoutTrailers(): Status {
    return this.#httpStatus !== 0 && this.#httpStatus !== 200
      ? statusFromHttp(this.#httpStatus, 'without trailers')
      : statusFromReset(ErrorCode.NO_ERROR);
  }

  #setStatus(status: Status): void {
    if (this.#status !== undefined) return;
    this.#status = status;
    this.#requests.end();
  }

  /** The stream brings nothing more. */
  #finish(): void {
    this.#state = 'reading';
    this.#reader.flush();
    this.#gathering?.end();
    this.onRead();
  }

  /** For the reader. Goes on to the end once everything has been decoded, and read. */
  onRead(): void {
    const reader = this.#reader;
    if (this.#state === 'receiving' && reader.fault !== undefined) this.fail(reader.fault);
    if (this.#state !== 'reading' || !reader.isDecoded || this.#status === undefined) return;
    this.#status = statusWithFault(this.#status, reader);
    reader.end();
    if (reader.isRead) this.#end(this.#status);
  }

  #end(status: Status): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#requests.end();
    this.#gathering?.end();
    // Beyond what was read there is no message, but there may be the beginning of one.
    this.#reader.drop();
    this.#headers.resolve(undefined);
    this.#status = status;
    this.#settled?.resolve(status);
    this.#owner.onOver();
  }
}
