import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { COPIED_BYTES } from '../../codec/index.js';
import { memory } from '../../memory/index.js';
import { cutReason } from '../../wire/index.js';
import type { ClientPace, Peer } from '../exchange/index.js';
import { emptyAgain, isFilling, stopReading, watchDelivery, watchPeer } from '../liveness/index.js';
import { compact } from './compact.js';
import { type FrameSocket, WRITE_BYTES } from './frame-socket.js';
import { readInSlices } from './small-reads.js';
import { startSocketHeartbeat } from './socket-heartbeat.js';

/** How long a client may take to answer a close frame before the socket is destroyed, in milliseconds. */
const CLOSE_WAIT_MS = 2_000;

/** The payload of a ping that carries a number. */
const POSITION_BYTES = 8;

/** How often a client that does not read is looked after, in milliseconds: it must be missed within a second. */
const LEFT_CHECK_MS = 250;

/** The longest time between two looks whether a client may be read from again, in milliseconds: so it is not forgotten that it owes. */
const MOST_KEPT_MS = 1_000;

export interface ClientSocketOptions {
  /** The longest silence before a ping, and how long its answer, or any acknowledgement, may take; in milliseconds. */
  readonly heartbeatMs: number;
  /** How long a client may take nothing of what waits for it. Absent: who writes bounds that. */
  readonly maxStallMs?: number;
  /** How fast the client may be read from, over all its connections. Absent: as fast as it can. */
  readonly pace?: ClientPace | undefined;
  /** Many calls write to it: what they write in one turn of the event loop leaves in one system call. */
  readonly isShared: boolean;
}

/** The WebSocket of a client, for one call or for a session. All its timers end with the socket. Must be made in the tick of the upgrade. */
export class ClientSocket implements FrameSocket, Peer {
  readonly #socket: WebSocket;
  readonly #raw: Socket;
  readonly #options: ClientSocketOptions;
  #isCorked = false;
  /** Bytes written in an earlier turn of the event loop wait: the client does not keep up. */
  #isBehind = false;
  /** Writes that wait. */
  #writes = 0;
  #unwatch: (() => void) | undefined;
  #isFilled = false;
  #leftCheck: NodeJS.Timeout | undefined;
  #closing: NodeJS.Timeout | undefined;
  /** The client has sent more than it may, and is not read until this is over. */
  #keptBack: NodeJS.Timeout | undefined;
  /** Somebody does not want to read. */
  #isUnwanted = false;
  /** Bytes that the client's side had taken, and when they became more or nothing waited. */
  #taken = 0;
  #takenAt = 0;

  constructor(socket: WebSocket, raw: Socket, options: ClientSocketOptions) {
    this.#socket = socket;
    this.#raw = raw;
    this.#options = options;
    readInSlices(raw);
    const { pace } = options;
    if (pace !== undefined) raw.prependListener('data', (bytes: Buffer) => this.#took(bytes, pace));
    // An error closes the socket, and the close is what counts.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#unwatch?.();
      clearInterval(this.#leftCheck);
      clearTimeout(this.#closing);
      clearTimeout(this.#keptBack);
    });
  }

  get isClosed(): boolean {
    return this.#socket.readyState === this.#socket.CLOSED;
  }

  /** The socket is not read now, so neither pongs nor a close frame can be seen. */
  get isPaused(): boolean {
    return this.#unwatch !== undefined;
  }

  get socketBytes(): number {
    return this.#raw.writableLength;
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount + this.#writes * WRITE_BYTES;
  }

  // It closes once: what `once` would make to forget a listener costs an idle socket more than the listener.
  onLeft(listener: () => void): void {
    if (this.isClosed) listener();
    else this.#socket.on('close', listener);
  }

  watch(): void {
    const { heartbeatMs } = this.#options;
    startSocketHeartbeat(this.#socket, this.#raw, heartbeatMs, () => this.isPaused);
    watchDelivery(this.#raw, heartbeatMs);
  }

  cut(): void {
    this.#socket.terminate();
  }

  /**
   * Past the WebSocket library, which would make two writes of each frame. It writes its own (pings, pongs, the close) to the same
   * socket, in the turn in which it is asked to (nothing is compressed here), so all of them stay in order.
   */
  write(frames: Uint8Array, onLeft: () => void): void {
    if (this.#socket.readyState !== this.#socket.OPEN) {
      process.nextTick(onLeft);
      return;
    }
    if (this.#options.isShared) this.#cork();
    this.#writes += 1;
    // It is called, with an error, also when the client is gone.
    this.#raw.write(this.#isBehind && frames.length < COPIED_BYTES ? compact(frames) : frames, () => {
      this.#writes -= 1;
      onLeft();
    });
    if (this.#leftCheck !== undefined) return;
    this.#takenAt = performance.now();
    this.#leftCheck = setInterval(this.#lookAfter, LEFT_CHECK_MS).unref();
  }

  ping(position: number): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#options.isShared) this.#cork();
    const payload = Buffer.allocUnsafe(POSITION_BYTES);
    payload.writeDoubleBE(position);
    this.#socket.ping(payload);
  }

  onPong(listener: (position: number) => void): void {
    this.#socket.on('pong', (payload: Buffer) => {
      if (payload.length === POSITION_BYTES) listener(payload.readDoubleBE());
    });
  }

  pause(): void {
    this.#isUnwanted = true;
    this.#stop();
  }

  resume(): void {
    this.#isUnwanted = false;
    if (this.#keptBack === undefined) this.#goOn();
  }

  #took(bytes: Buffer, pace: ClientPace): void {
    if (isFilling(bytes)) return;
    pace.took(bytes.length);
    if (this.#keptBack === undefined) this.#keepBack(pace);
  }

  #keepBack(pace: ClientPace): void {
    const { owedMs } = pace;
    // Its answer to our close must be read.
    if (owedMs > 0 && this.#closing === undefined) {
      this.#keptBack = setTimeout(() => this.#keepBack(pace), Math.min(owedMs, MOST_KEPT_MS));
      this.#stop();
      return;
    }
    this.#keptBack = undefined;
    if (!this.#isUnwanted) this.#goOn();
  }

  #stop(): void {
    if (this.#unwatch !== undefined || this.#raw.destroyed) return;
    this.#socket.pause();
    if (memory.isCrowded) this.#fill();
    this.#unwatch = watchPeer(this.#raw, this.#probe);
  }

  #goOn(): void {
    if (this.#unwatch === undefined) return;
    this.#unwatch();
    this.#unwatch = undefined;
    this.#isFilled = false;
    this.#raw.off('close', this.#empty);
    this.#socket.resume();
  }

  /** Where many clients stall, what is read of a socket that nobody wants to read counts as well. */
  #fill(): void {
    this.#isFilled = true;
    stopReading(this.#raw);
    // Before the WebSocket library, which reads what is left. When reading goes on, it comes first and is passed over.
    this.#raw.prependOnceListener('close', this.#empty);
  }

  readonly #empty = (): void => {
    if (this.#isFilled) emptyAgain(this.#raw);
  };

  close(code: number, reason: string): void {
    if (this.isClosed) return;
    this.#socket.close(code, cutReason(reason));
    // Its answer must be read.
    clearTimeout(this.#keptBack);
    this.#keptBack = undefined;
    this.resume();
    this.#closing ??= setTimeout(() => this.#socket.terminate(), CLOSE_WAIT_MS);
  }

  /**
   * An unsolicited pong, which nobody answers (RFC 6455 section 5.5.3): answers to pings would pile up before our closed window, and
   * clients give up on that. Frames that wait for the client are probe enough.
   */
  readonly #probe = (): void => {
    if (this.#socket.bufferedAmount === 0) this.#socket.pong();
  };

  /** What is sent in one turn of the event loop, by whichever calls, leaves in one system call. */
  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#isBehind = this.#socket.bufferedAmount > 0;
    this.#raw.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      this.#raw.uncork();
    });
  }

  /**
   * ws tells of a client that closes, or ends its side, only after the client has taken everything, which for one that does not read
   * is never: its state has to be looked at while something waits.
   */
  readonly #lookAfter = (): void => {
    const { maxStallMs = Number.POSITIVE_INFINITY } = this.#options;
    const { bytesWritten, writableLength } = this.#raw;
    const now = performance.now();
    if (bytesWritten - writableLength > this.#taken) this.#takenAt = now;
    this.#taken = bytesWritten - writableLength;
    const isLeft = this.#socket.readyState !== this.#socket.OPEN && this.#closing === undefined;
    if (isLeft || now - this.#takenAt >= maxStallMs) this.#socket.terminate();
    if (this.#socket.bufferedAmount > 0) return;
    clearInterval(this.#leftCheck);
    this.#leftCheck = undefined;
  };
}
