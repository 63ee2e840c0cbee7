import { ErrorCode, Flag, FrameType, MAX_UINT31 } from './codes.js';
import type { FrameWriter } from './frame-writer.js';
import type { RawHeaders } from './header-decoder.js';
import type { Loan, Loans } from './loans.js';
import type { ReadSpacing } from './read-spacing.js';
import { highWaterBytes } from './send-room.js';
import { UnsentBytes } from './unsent-bytes.js';

/** Hears what happens to one stream. Everything is called from the turn in which it arrived. */
export interface StreamHandler {
  /** The head of the answer, with its HTTP status. `isEnd`: it is all there is. */
  onHeaders(headers: RawHeaders, httpStatus: number, isEnd: boolean): void;
  /**
   * Some bytes, from `start` to `end` of what the socket has read, valid until `onReadEnd`, and longer with `lend`. The handler calls `credit` once it
   * needs no room for them.
   */
  onData(bytes: Buffer, start: number, end: number): void;
  /** The end of what the socket has read, after `onData`. */
  onReadEnd(): void;
  onTrailers(headers: RawHeaders): void;
  /** The peer has sent its last. */
  onEnd(): void;
  /**
   * The stream is gone: both sides have ended (`NO_ERROR` after `onEnd`), it was reset, or the connection was lost (`CANCEL`). At
   * most once; not after our own `reset`. `breach`: it was us who ended it, because the peer broke this rule or went over this limit of ours.
   */
  onClosed(code: number, breach?: string): void;
  /** There is room again, after `write` has said that there is none. */
  onRoom(): void;
}

/** What a stream needs of its connection. */
export interface StreamHost {
  readonly writer: FrameWriter;
  /** Largest DATA frame the peer takes. */
  readonly peerFrameBytes: number;
  /** The stream has something to send. Returns what of it leaves at the end of the turn, in bytes, as far as the connection knows. */
  schedule(stream: ClientStream): number;
  /** A frame was written and wants to leave at the end of the turn. */
  flushLater(): void;
  readonly loans: Loans;
  readonly readSpacing: ReadSpacing;
  /** How long it takes to the peer and back, in milliseconds; 0 while that is not known. */
  readonly roundTripMs: number;
  /** The stream is gone. */
  forget(stream: ClientStream): void;
}

/** One stream of a connection, from our side. */
export class ClientStream {
  readonly id: number;
  readonly handler: StreamHandler;
  /** What we may still send. */
  sendWindow: number;
  /** What the peer may have under way, which has not been credited. */
  windowBytes: number;
  /** Kept by the `WindowBudget`. */
  isOpened = false;
  /** Kept by the `SendLine`. */
  isInLine = false;
  /** The response headers have been received. */
  isAnswered = false;
  remoteEnded = false;
  readonly #host: StreamHost;
  readonly #unsent = new UnsentBytes();
  /** `write` has said that there is no room. */
  needsRoom = false;
  #endQueued = false;
  #endSent = false;
  #closed = false;
  /** Received, and not credited. */
  #unread = 0;
  /** What the peer may still send. */
  #allowed: number;

  constructor(
    id: number,
    handler: StreamHandler,
    host: StreamHost,
    windows: { readonly send: number; readonly receive: number },
  ) {
    this.id = id;
    this.handler = handler;
    this.sendWindow = windows.send;
    this.windowBytes = windows.receive;
    this.#allowed = windows.receive;
    this.#host = host;
  }

  /** See `StreamHost`. */
  get roundTripMs(): number {
    return this.#host.roundTripMs;
  }

  /** What has come and was not credited, and what the peer may still send; see `CallWaiting`. */
  waiting(): { unreadBytes: number; windowBytes: number; windowLeftBytes: number } {
    const { windowBytes } = this;
    return { unreadBytes: this.#unread, windowBytes, windowLeftBytes: Math.max(0, this.#allowed) };
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** We have said that nothing more will come, and it has been sent. */
  get endSent(): boolean {
    return this.#endSent;
  }

  /** `end` was called. */
  get endQueued(): boolean {
    return this.#endQueued;
  }

  /** Whether there is anything to send that the stream's own window allows. */
  get canSend(): boolean {
    if (this.#closed || this.#endSent) return false;
    return this.#unsent.bytes > 0 ? this.sendWindow > 0 : this.#endQueued;
  }

  /**
   * Queues bytes, which must not change afterwards. False: there is no room for more, wait for `onRoom`. They are dropped when the
   * stream has ended or is gone. `isGiven`: nobody else looks at them, so their memory is given back when they have left.
   */
  write(bytes: Uint8Array, isGiven = false): boolean {
    if (this.#closed || this.#endQueued) return false;
    if (bytes.length === 0) return !this.needsRoom;
    this.#unsent.add(bytes, isGiven);
    return this.#hasRoom(this.#host.schedule(this));
  }

  /** The same, of bytes that may change as soon as it returns: what waits is a copy, in pages. */
  copy(bytes: Uint8Array): boolean {
    if (this.#closed || this.#endQueued) return false;
    this.#unsent.copy(bytes);
    return this.#hasRoom(this.#host.schedule(this));
  }

  #hasRoom(leavingBytes: number): boolean {
    if (this.#unsent.bytes >= highWaterBytes(Math.min(this.sendWindow, leavingBytes))) this.needsRoom = true;
    return !this.needsRoom;
  }

  /** Nothing more will come. */
  end(): void {
    if (this.#closed || this.#endQueued) return;
    this.#endQueued = true;
    this.#host.schedule(this);
  }

  /** What lies in the bytes of `onData` and is needed after `onReadEnd`; also when the stream is gone. */
  lend(loan: Loan): void {
    this.#host.loans.add(loan);
  }

  /** Lets gather what arrives on the connection. */
  restFromReading(): void {
    this.#host.readSpacing.begin();
  }

  /** Ends the stream at once, both ways. What was queued is dropped, and the handler hears no more. */
  reset(code: number): void {
    if (this.#closed) return;
    this.#host.writer.numbers(FrameType.RST_STREAM, this.id, code);
    this.#host.flushLater();
    this.#leave();
  }

  /** Counts received bytes. False when they are more than was allowed. */
  receive(bytes: number): boolean {
    this.#unread += bytes;
    this.#allowed -= bytes;
    return this.#allowed >= 0 || bytes === 0;
  }

  /** Received bytes need no room any more: the peer may send as many again. A WINDOW_UPDATE goes out when half a window is due. */
  credit(bytes: number): void {
    this.#unread -= bytes;
    this.#widenRemote();
  }

  /** What the peer may have under way from now on. A smaller window comes about as what is under way is read. */
  resizeWindow(bytes: number): void {
    this.windowBytes = bytes;
    this.#widenRemote();
  }

  #widenRemote(): void {
    if (this.remoteEnded || this.#closed) return;
    const increment = this.windowBytes - this.#unread - this.#allowed;
    if (increment < this.windowBytes / 2) return;
    this.#allowed += increment;
    this.#host.writer.numbers(FrameType.WINDOW_UPDATE, this.id, increment);
    this.#host.flushLater();
  }

  /** Writes one DATA frame of at most `mostBytes`. Returns how many bytes of the window it took. */
  emit(mostBytes: number): number {
    const { writer, peerFrameBytes } = this.#host;
    const most = Math.min(mostBytes, this.sendWindow, peerFrameBytes);
    if (this.#unsent.bytes === 0) {
      if (this.#endQueued && !this.#endSent) this.#sendEnd(0);
      return 0;
    }
    if (most <= 0) return 0;
    const bytes = Math.min(most, this.#unsent.bytes);
    this.sendWindow -= bytes;
    if (this.#endQueued && this.#unsent.bytes === bytes) this.#sendEnd(bytes);
    else {
      writer.data(this.id, 0, bytes);
      this.#unsent.send(bytes, writer);
    }
    return bytes;
  }

  /** True once, when there is room again after `write` has said that there is none. `leavingBytes`: see `StreamHost.schedule`. */
  takeRoom(leavingBytes: number): boolean {
    if (!this.needsRoom || this.#closed) return false;
    if (this.#unsent.bytes > highWaterBytes(Math.min(this.sendWindow, leavingBytes)) / 2) return false;
    this.needsRoom = false;
    return true;
  }

  /** The peer opens our window. False when it opens it too far. Source: RFC 9113 section 6.9.1. */
  widen(bytes: number): boolean {
    this.sendWindow += bytes;
    if (this.sendWindow > MAX_UINT31) return false;
    if (this.canSend) this.#host.schedule(this);
    return true;
  }

  /** The peer has sent its last. */
  endRemote(): void {
    if (this.#closed || this.remoteEnded) return;
    this.remoteEnded = true;
    this.handler.onEnd();
    if (this.#endSent) this.close(ErrorCode.NO_ERROR);
  }

  /** The stream is gone, not by our `reset`; see `StreamHandler.onClosed`. */
  close(code: number, breach?: string): void {
    if (this.#closed) return;
    this.#leave();
    this.handler.onClosed(code, breach);
  }

  #sendEnd(bytes: number): void {
    this.#host.writer.data(this.id, Flag.END_STREAM, bytes);
    this.#unsent.send(bytes, this.#host.writer);
    this.#endSent = true;
    if (this.remoteEnded) this.close(ErrorCode.NO_ERROR);
  }

  #leave(): void {
    this.#closed = true;
    this.#unsent.drop();
    this.#host.forget(this);
  }
}
