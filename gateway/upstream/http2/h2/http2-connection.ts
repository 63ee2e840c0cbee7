import type { Socket } from 'node:net';
import { ConnectionError, ErrorCode, Flag, FrameType } from './codes.js';
import { FrameParser } from './frame-parser.js';
import { FrameWriter } from './frame-writer.js';
import { type CommonFields, HeaderEncoder, type HeaderField } from './header-encoder.js';
import { Loans } from './loans.js';
import { FirstBytes } from './other-protocol.js';
import { parseGoaway, readUint31 } from './payloads.js';
import { ReadSpacing } from './read-spacing.js';
import { writeRequestHeaders } from './request-headers.js';
import { RoundTrips } from './round-trips.js';
import { SendQueue } from './send-queue.js';
import { Settings, windowOverflow } from './settings.js';
import { ClientStream, type StreamHandler, type StreamHost } from './stream.js';
import { StreamFrames } from './stream-frames.js';
import { StreamTable } from './stream-table.js';

export interface Http2ConnectionOptions {
  /** Plain or TLS, connected or on its way. It belongs to the connection from now on; what it reads comes by `receive`. */
  readonly socket: Socket;
  /** What the peer may have under way on every stream at first. */
  readonly windowBytes: number;
  /** The peer's limit of streams, each time it says one; the first is the sign that it speaks HTTP/2. */
  readonly onSettings: (maxConcurrentStreams: number) => void;
  /** No further streams; those that the peer has not looked at are gone right after, with REFUSED_STREAM. */
  readonly onGoaway: (code: number, text: string) => void;
  /** Something of a call was received. Called for every frame of one. */
  readonly onHeard: () => void;
  /** Nothing is left, every stream has been told. At most once. */
  readonly onClosed: (reason: string | undefined) => void;
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** Bytes that may wait on the socket, beyond its kernel's buffer, when an answer to PING or SETTINGS is added: more is an attack. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** How long a connection may stay after its last frame, in milliseconds. */
const LINGER_MS = 2_000;

/**
 * The client's end of an HTTP/2 connection, made for gRPC: bytes come and go as they are, without an object for each stream's
 * halves, and what is written in one turn of the event loop leaves in one write at its end.
 * Source: RFC 9113. Not here because nothing needs it: push, priorities, CONNECT.
 */
export class Http2Connection implements StreamHost {
  readonly writer = new FrameWriter();
  readonly loans = new Loans();
  readonly readSpacing: ReadSpacing;
  readonly #options: Http2ConnectionOptions;
  readonly #socket: Socket;
  readonly #parser: FrameParser;
  readonly #encoder = new HeaderEncoder();
  readonly #streams = new StreamTable();
  readonly #settings: Settings;
  readonly #sendQueue: SendQueue;
  readonly #frames: StreamFrames;
  readonly #trips = new RoundTrips();
  readonly #first = new FirstBytes();
  #otherProtocol: string | undefined;
  #closing = false;
  #destroyed = false;
  #reason: string | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;

  constructor(options: Http2ConnectionOptions) {
    this.#options = options;
    const { socket } = options;
    this.#socket = socket;
    this.readSpacing = new ReadSpacing(socket);
    this.#settings = new Settings(this.writer);
    this.#sendQueue = new SendQueue(socket, this.writer);
    this.#frames = new StreamFrames(this.#streams, this, options.onHeard);
    this.#parser = new FrameParser({
      onDataFrame: (streamId, length) => {
        this.#assertOrder(FrameType.DATA);
        this.#frames.onDataFrame(streamId, length);
      },
      onDataBytes: (streamId, bytes, start, end) => this.#frames.onDataBytes(streamId, bytes, start, end),
      onDataEnd: (streamId, endStream) => this.#frames.onDataEnd(streamId, endStream),
      onFrame: (type, flags, streamId, payload) => this.#onFrame(type, flags, streamId, payload),
    });
    // In one write: a peer of HTTP/1 answers the first line and closes, and a second write would fail before that is read.
    socket.cork();
    socket.write(PREFACE, () => this.#trips.greeted());
    this.#settings.greet(options.windowBytes);
    this.#frames.greet();
    this.#sendQueue.flush();
    socket.uncork();
    socket.on('drain', () => this.#sendQueue.flush());
    socket.on('error', (error) => this.destroy(error.message));
    for (const event of ['end', 'close']) socket.on(event, () => this.destroy());
  }

  get roundTripMs(): number {
    return this.#trips.leastMs;
  }

  get peerFrameBytes(): number {
    return this.#settings.peerFrameBytes;
  }

  /** Largest list of header fields the peer takes. */
  get peerHeaderListBytes(): number {
    return this.#settings.peerHeaderListBytes;
  }

  /** It is gone; streams are told so in the same turn. */
  get isDestroyed(): boolean {
    return this.#destroyed;
  }

  /** Why it was destroyed, where that is known: a sentence. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** What the peer speaks instead of HTTP/2, where that can be told: the end of "the upstream ...". */
  get otherProtocol(): string | undefined {
    return this.#otherProtocol;
  }

  /** Nearly all stream ids are used, and none can be used twice. */
  get isNearlyUsedUp(): boolean {
    return this.#streams.isNearlyUsedUp;
  }

  /** Opens a stream. Throws when there can be no more of them. The caller has checked names and values. */
  request(common: CommonFields, own: readonly HeaderField[], handler: StreamHandler): ClientStream {
    if (this.#destroyed || this.#closing) throw new Error('the connection takes no more calls');
    const windows = { send: this.#settings.peerWindowBytes, receive: this.#options.windowBytes };
    const stream = new ClientStream(this.#streams.takeId(), handler, this, windows);
    this.#streams.add(stream);
    writeRequestHeaders(this.writer, this.#encoder, stream.id, common, own);
    this.flushLater();
    return stream;
  }

  /** Asks for a sign of life. False when it cannot be sent. */
  ping(answered: () => void): boolean {
    if (this.#destroyed) return false;
    this.#trips.pinged(answered);
    this.writer.frame(FrameType.PING, 0, 0, new Uint8Array(8));
    this.flushLater();
    return true;
  }

  /** No further streams; ends when the last is over. */
  close(): void {
    if (this.#closing || this.#destroyed) return;
    this.#closing = true;
    if (!this.#settings.isHeard) this.destroy();
    else if (this.#streams.size === 0) this.#leave(ErrorCode.NO_ERROR);
  }

  /** Ends everything now; streams hear CANCEL. */
  destroy(reason?: string): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    // Before the streams hear of it: their calls say why.
    this.#reason = reason;
    clearTimeout(this.#lingerTimer);
    this.#sendQueue.stop();
    this.readSpacing.stop();
    this.#socket.destroy();
    for (const stream of this.#streams.all()) stream.close(ErrorCode.CANCEL);
    if (this.#socket.closed) this.#options.onClosed(reason);
    else this.#socket.once('close', () => this.#options.onClosed(reason));
  }

  schedule(stream: ClientStream): number {
    return this.#sendQueue.add(stream);
  }

  flushLater(): void {
    this.#sendQueue.flushLater();
  }

  forget(stream: ClientStream): void {
    this.#streams.delete(stream.id);
    this.#sendQueue.delete(stream);
    if (this.#closing && this.#streams.size === 0) this.#leave(ErrorCode.NO_ERROR);
  }

  /** The last frame. */
  #leave(code: number): void {
    if (this.#destroyed || this.#lingerTimer !== undefined) return;
    this.writer.numbers(FrameType.GOAWAY, 0, 0, code);
    this.#sendQueue.flush();
    this.#socket.end();
    // A peer that does not read, or does not end its side, would keep it open.
    this.#lingerTimer = setTimeout(() => this.destroy(), LINGER_MS).unref();
  }

  /** Bytes that the socket has read. It writes over them when ticks and promises have run, and not before. */
  receive(chunk: Buffer): void {
    if (this.#destroyed) return;
    if (!this.#settings.isHeard) {
      this.#otherProtocol ??= this.#first.tell(chunk);
      if (this.#otherProtocol !== undefined) {
        this.destroy(`the upstream ${this.#otherProtocol}`);
        return;
      }
    }
    try {
      this.#parser.push(chunk);
    } catch (reason) {
      const error = reason instanceof ConnectionError ? reason : undefined;
      this.#leave(error?.code ?? ErrorCode.INTERNAL_ERROR);
      this.destroy(error?.message ?? 'the frames of the upstream could not be handled');
      // A defect of ours must not pass for one of the peer.
      if (error === undefined) throw reason;
    } finally {
      this.#frames.onReadEnd();
    }
  }

  /** Unknown types are ignored. Source: RFC 9113 section 5.5. */
  #onFrame(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    if (this.#destroyed) return;
    this.#assertOrder(type);
    switch (type) {
      case FrameType.HEADERS:
      case FrameType.CONTINUATION:
        this.#frames.onHeaders(type, flags, streamId, payload);
        break;
      case FrameType.RST_STREAM:
        this.#frames.onReset(streamId, payload);
        break;
      case FrameType.SETTINGS:
        this.#onSettings(flags, streamId, payload);
        break;
      case FrameType.PING:
        this.#onPing(flags, payload);
        break;
      case FrameType.GOAWAY:
        this.#onGoaway(payload);
        break;
      case FrameType.WINDOW_UPDATE:
        this.#onWindowUpdate(streamId, readUint31(payload, 'WINDOW_UPDATE'));
        break;
      case FrameType.PUSH_PROMISE:
        throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'sent PUSH_PROMISE, which is switched off');
    }
  }

  #assertOrder(type: number): void {
    if (!this.#settings.isHeard && type !== FrameType.SETTINGS) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'does not speak HTTP/2');
    }
    if (this.#frames.isBlockOpen && type !== FrameType.CONTINUATION) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'interrupted a header block');
    }
  }

  #onSettings(flags: number, streamId: number, payload: Uint8Array): void {
    if (streamId !== 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'sent SETTINGS on a stream');
    // Ours are those that every peer must take, so there is nothing to do when it has.
    if ((flags & Flag.ACK) !== 0) return void this.#trips.settled();
    this.#assertTakesAnswers();
    const maxStreams = this.#settings.heard(payload, this.#streams, this.#encoder);
    this.flushLater();
    if (maxStreams !== undefined) this.#options.onSettings(maxStreams);
  }

  #onPing(flags: number, payload: Uint8Array): void {
    if (payload.length !== 8) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'sent a malformed PING');
    if ((flags & Flag.ACK) !== 0) {
      this.#trips.answered();
      return;
    }
    this.#assertTakesAnswers();
    this.writer.frame(FrameType.PING, Flag.ACK, 0, payload);
    this.#sendQueue.flushWithNext();
  }

  /** What the peer can ask for without end is not answered without end. */
  #assertTakesAnswers(): void {
    if (this.#socket.writableLength + this.writer.bytes <= MAX_WAITING_BYTES) return;
    throw new ConnectionError(
      ErrorCode.ENHANCE_YOUR_CALM,
      'flooded the gateway with SETTINGS or PING and did not read the answers',
    );
  }

  #onGoaway(payload: Uint8Array): void {
    const { lastStreamId, code, text } = parseGoaway(payload);
    this.#closing = true;
    this.#options.onGoaway(code, text);
    for (const stream of this.#streams.all()) {
      if (stream.id > lastStreamId) stream.close(ErrorCode.REFUSED_STREAM);
    }
    // With an error the peer is about to close; what it had looked at will not end well.
    if (code !== ErrorCode.NO_ERROR) this.destroy();
    else if (this.#streams.size === 0) this.#leave(code);
  }

  #onWindowUpdate(streamId: number, bytes: number): void {
    if (streamId !== 0) this.#frames.onWindowUpdate(streamId, bytes);
    else if (bytes === 0 || !this.#sendQueue.widen(bytes)) throw windowOverflow();
  }
}
