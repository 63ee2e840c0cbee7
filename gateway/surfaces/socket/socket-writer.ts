import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { cutReason } from '../../wire/index.js';
import { watchPeer } from '../liveness/index.js';
import { compact } from './compact.js';
import { type FrameSocket, WRITE_BYTES } from './frame-socket.js';

/** How long a client may take to answer a close frame before the socket is destroyed, in milliseconds. */
const CLOSE_WAIT_MS = 2_000;

/** How often a client that does not read is looked after, in milliseconds: it must be missed within a second. */
const LEFT_CHECK_MS = 250;

/** The WebSocket of a session. All its timers end with the socket. */
export class SocketWriter implements FrameSocket {
  readonly #socket: WebSocket;
  readonly #raw: Socket;
  #corked = false;
  /** What was written in an earlier turn of the event loop waits: the client does not keep up. */
  #behind = false;
  /** Writes that wait. */
  #writes = 0;
  #unwatch: (() => void) | undefined;
  #leftCheck: NodeJS.Timeout | undefined;
  #closing: NodeJS.Timeout | undefined;
  readonly #maxPauseMs: number;
  /** Bytes that the client's side had taken, and when they became more or nothing waited. */
  #taken = 0;
  #takenAt = 0;

  /** A client that takes nothing of what waits for it for `maxPauseMs` is cut off. */
  constructor(socket: WebSocket, raw: Socket, maxPauseMs: number) {
    this.#maxPauseMs = maxPauseMs;
    this.#socket = socket;
    this.#raw = raw;
    socket.once('close', () => {
      this.#unwatch?.();
      clearInterval(this.#leftCheck);
      clearTimeout(this.#closing);
    });
  }

  /** The socket is not read now, so neither pongs nor a close frame can be seen. */
  get paused(): boolean {
    return this.#unwatch !== undefined;
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount + this.#writes * WRITE_BYTES;
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
    this.#cork();
    this.#writes += 1;
    // It is called, with an error, also when the client is gone.
    this.#raw.write(this.#behind ? compact(frames) : frames, () => {
      this.#writes -= 1;
      onLeft();
    });
    if (this.#leftCheck !== undefined) return;
    this.#takenAt = performance.now();
    this.#leftCheck = setInterval(this.#lookAfter, LEFT_CHECK_MS).unref();
  }

  pause(): void {
    if (this.#unwatch !== undefined || this.#raw.destroyed) return;
    this.#socket.pause();
    // Without a probe: we only pause while frames wait for this client, and those are probe enough.
    this.#unwatch = watchPeer(this.#raw);
  }

  resume(): void {
    if (this.#unwatch === undefined) return;
    this.#unwatch();
    this.#unwatch = undefined;
    this.#socket.resume();
  }

  close(code: number, reason: string): void {
    if (this.#socket.readyState === this.#socket.CLOSED) return;
    this.#socket.close(code, cutReason(reason));
    // Its answer must be read.
    this.resume();
    this.#closing ??= setTimeout(() => this.#socket.terminate(), CLOSE_WAIT_MS);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** What is sent in one turn of the event loop, by whichever calls, leaves in one system call. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#behind = this.#socket.bufferedAmount > 0;
    this.#raw.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#raw.uncork();
    });
  }

  /**
   * ws tells of a client that closes, or ends its side, only after the client has taken everything, which for one that does not read
   * is never: its state has to be looked at while something waits.
   */
  readonly #lookAfter = (): void => {
    const { bytesWritten, writableLength } = this.#raw;
    const now = performance.now();
    if (bytesWritten - writableLength > this.#taken) this.#takenAt = now;
    this.#taken = bytesWritten - writableLength;
    const isLeft = this.#socket.readyState !== this.#socket.OPEN && this.#closing === undefined;
    if (isLeft || now - this.#takenAt >= this.#maxPauseMs) this.#socket.terminate();
    if (this.#socket.bufferedAmount > 0) return;
    clearInterval(this.#leftCheck);
    this.#leftCheck = undefined;
  };
}
