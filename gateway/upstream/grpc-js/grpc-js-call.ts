import type { ClientDuplexStream, Metadata as GrpcMetadata, StatusObject } from '@grpc/grpc-js';
import { Bell, type CancelSignal, createDeferred } from '../../async/index.js';
import { Code, type Metadata, type Reason, type Status } from '../../status/index.js';
import type { Batch } from '../batch.js';
import { ReceivedMessages } from '../received-messages.js';
import { localStatus, receivedStatus } from '../received-status.js';
import type { Call, SendBatch } from '../transport.js';
import { pairsFrom } from './grpc-js-metadata.js';

export interface GrpcJsCallOptions {
  readonly signal: CancelSignal;
  readonly readAheadBytes: number;
  readonly connectTimeoutMs: number;
  /** Asked when the connect timeout has passed. */
  readonly isConnected: () => boolean;
  /** Called once, when the call is over. */
  readonly onOver: (call: GrpcJsCall) => void;
}

/** What the library's own statuses mean before anything was received from the service. */
const LIBRARY_REASONS: ReadonlyMap<number, Reason> = new Map([
  [Code.UNAVAILABLE, 'UPSTREAM_UNREACHABLE'],
  [Code.DEADLINE_EXCEEDED, 'DEADLINE_PASSED'],
]);

/**
 * A call of grpc-js behind the port. The stream flows into a queue of messages and is paused only when that is full,
 * because the library drops what it has not handed out when a status other than OK arrives.
 *
 *     flowing --queue full--> paused --queue read--> catching up --a turn without data--> flowing
 *
 * A failure that arrives while paused or catching up is `truncated`: something may have been dropped.
 */
export class GrpcJsCall implements Call {
  readonly #stream: ClientDuplexStream<Buffer, Buffer>;
  readonly #options: GrpcJsCallOptions;
  readonly #messages: ReceivedMessages;
  readonly #connectTimer: NodeJS.Timeout | undefined;
  readonly #headers = createDeferred<Metadata | undefined>();
  readonly #settled = createDeferred<Status>();
  /** Rings for the `write` that waits: whether there is room. */
  readonly #room = new Bell<boolean>();
  /** What the library has reported; the call is over for `write`, messages may still be there to read. */
  #reported: Status | undefined;
  #ended = false;
  #over = false;
  #halfClosed = false;
  #hasHeaders = false;
  #pausedSinceCaughtUp = false;
  #received = 0;
  #receivedAtCheck = 0;

  /** Must be called in the tick that opened the stream: an early error would find no listener. */
  constructor(stream: ClientDuplexStream<Buffer, Buffer>, options: GrpcJsCallOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#messages = new ReceivedMessages(() => this.#onTaken());
    // The status says the same; unheard, an error would end the process.
    stream.on('error', () => {});
    stream.on('metadata', (metadata: GrpcMetadata) => this.#onMetadata(metadata));
    stream.on('status', (status: StatusObject) => this.#onStatus(status));
    stream.on('drain', () => this.#room.ring(true));
    stream.on('end', () => this.#onEnd());
    stream.on('close', () => this.#onEnd());
    stream.on('data', (message: Buffer) => this.#onMessage(message));
    options.signal.addEventListener('abort', this.#onAbort);
    if (!options.isConnected()) {
      this.#connectTimer = setTimeout(() => this.#onConnectTimeout(), options.connectTimeoutMs);
    }
  }

  get headers(): Promise<Metadata | undefined> {
    return this.#headers.promise;
  }

  get status(): Promise<Status> {
    return this.#settled.promise;
  }

  read(): Promise<Batch | undefined> {
    return this.#messages.read();
  }

  write(batch: SendBatch): Promise<boolean> | boolean {
    if (this.#reported || this.#over || this.#halfClosed) return false;
    for (const message of batch) {
      this.#stream.write(
        message instanceof Uint8Array
          ? Buffer.from(message.buffer, message.byteOffset, message.byteLength)
          : Buffer.concat(message),
      );
    }
    if (!this.#stream.writableNeedDrain) return true;
    return this.#room.wait();
  }

  halfClose(): void {
    if (this.#halfClosed || this.#reported || this.#over) return;
    this.#halfClosed = true;
    this.#stream.end();
  }

  cancel(): void {
    this.#abandon(localStatus('CANCELLED', 'cancelled'));
  }

  readonly #onAbort = (): void => this.cancel();

  #onConnectTimeout(): void {
    if (this.#options.isConnected()) return;
    this.#abandon(
      localStatus(
        'UPSTREAM_UNREACHABLE',
        `no connection to the upstream within ${this.#options.connectTimeoutMs} ms`,
      ),
    );
  }

  #onMetadata(metadata: GrpcMetadata): void {
    clearTimeout(this.#connectTimer);
    this.#hasHeaders = true;
    this.#headers.resolve(pairsFrom(metadata));
  }

  #onMessage(message: Buffer): void {
    this.#received++;
    this.#messages.push(message);
    if (this.#messages.bytes >= this.#options.readAheadBytes && !this.#over && !this.#messages.deliver()) {
      this.#pausedSinceCaughtUp = true;
      this.#stream.pause();
    }
  }

  #onTaken(): void {
    if (this.#stream.isPaused()) {
      this.#stream.resume();
      this.#receivedAtCheck = this.#received;
      setImmediate(this.#checkCaughtUp);
    }
    this.#finishWhenRead();
  }

  /** What had piled up while paused comes in consecutive ticks: a whole turn without any means it is through. */
  readonly #checkCaughtUp = (): void => {
    if (this.#over || this.#stream.isPaused()) return;
    if (this.#received === this.#receivedAtCheck) {
      this.#pausedSinceCaughtUp = false;
      return;
    }
    this.#receivedAtCheck = this.#received;
    setImmediate(this.#checkCaughtUp);
  };

  #onStatus(status: StatusObject): void {
    if (this.#reported || this.#over) return;
    clearTimeout(this.#connectTimer);
    const own = this.#ownStatus(status);
    if (own !== undefined) {
      this.#reported = own;
      this.#room.ring(false);
      return;
    }
    const details = status.metadata.get('grpc-status-details-bin')[0];
    this.#reported = receivedStatus(
      status.code,
      status.details,
      typeof details === 'object' ? details : undefined,
      pairsFrom(status.metadata),
      status.code !== Code.OK && this.#pausedSinceCaughtUp,
    );
    this.#room.ring(false);
  }

  /**
   * A status that the library has made itself, as far as it can be told: what a service sends has headers before it, or among its trailers.
   */
  #ownStatus({ code, details, metadata }: StatusObject): Status | undefined {
    if (this.#hasHeaders || metadata.get('content-type').length > 0) return undefined;
    const reason = LIBRARY_REASONS.get(code);
    return reason && localStatus(reason, details);
  }

  #onEnd(): void {
    this.#ended = true;
    this.#messages.end();
    // A stream that was destroyed has no status. Nothing of ours does that.
    this.#reported ??= localStatus('UPSTREAM_PROTOCOL_ERROR', 'the call ended without a status');
    this.#room.ring(false);
    this.#finishWhenRead();
  }

  /** The end event comes when the library's own buffer is empty too, so our queue is the last place to look. */
  #finishWhenRead(): void {
    if (this.#reported && this.#messages.isEmpty && this.#ended) this.#finish(this.#reported);
  }

  /** Ends the call from our side, and drops what has not been read. What the service said before stands. */
  #abandon(status: Status): void {
    if (this.#over) return;
    const dropped = this.#messages.drop() || this.#stream.readableLength > 0;
    const reported = this.#reported;
    this.#finish(reported ? { ...reported, truncated: reported.truncated || dropped } : status);
    // A turn later: grpc-js sends no reset for a call that is cancelled in the turn it was made, and the service would
    // go on. And this may run inside nghttp2's own reading, where a reset makes Node loop for ever or die.
    // Source: nodejs/node issues 38964 and 64113.
    setImmediate(() => this.#stream.cancel());
    // Flowing, so that what the library still holds is let go.
    this.#stream.resume();
  }

  #finish(status: Status): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#connectTimer);
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#messages.end();
    this.#room.ring(false);
    this.#headers.resolve(undefined);
    this.#settled.resolve(status);
    this.#options.onOver(this);
  }
}
