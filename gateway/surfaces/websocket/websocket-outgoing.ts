import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { createDeferred } from '../../async/index.js';
import type { Outgoing } from '../../bridge/index.js';
import type { Status } from '../../status/index.js';
import type { Batch } from '../../upstream/index.js';
import { CloseCode, closeFromStatus } from '../../wire/index.js';
import type { MethodRequest } from '../exchange/index.js';
import { encodeBatch, scratch } from '../message/index.js';
import { writeBinaryFrame, writeTextFrame } from '../socket/index.js';

/** How long a client may take to answer a close frame before the socket is destroyed, in milliseconds. */
const CLOSE_WAIT_MS = 2_000;

/** How often a client that does not read is looked after, in milliseconds: it must be missed within a second. */
const LEFT_CHECK_MS = 250;

/** The messages and the end of a call as frames of a plain WebSocket. */
export class WebSocketOutgoing implements Outgoing {
  // There is no head: the upgrade has been answered.
  readonly headWaitMs = Number.POSITIVE_INFINITY;
  readonly flushMs: number;
  readonly #request: MethodRequest;
  readonly #socket: WebSocket;
  readonly #raw: Socket;
  readonly #isBinary: () => boolean;
  #flushed: Promise<void> = Promise.resolve();
  /** The service has sent something. */
  hasAnswer = false;

  /** `isBinary` tells whether the client wants protobuf. */
  constructor(request: MethodRequest, socket: WebSocket, raw: Socket, isBinary: () => boolean) {
    this.flushMs = request.limits.flushMs;
    this.#request = request;
    this.#socket = socket;
    this.#raw = raw;
    this.#isBinary = isBinary;
  }

  head(): undefined {}

  write(batch: Batch): Promise<void> | undefined {
    this.hasAnswer = true;
    const binary = this.#isBinary();
    const { responseCodec } = this.#request;
    const failure = encodeBatch(batch, scratch, (message) =>
      binary ? writeBinaryFrame(message, scratch) : writeTextFrame(message, responseCodec, scratch),
    );
    this.#send(scratch.take());
    if (failure !== undefined) throw failure;
    return this.#socket.bufferedAmount > this.#request.limits.highWaterBytes ? this.#room() : undefined;
  }

  async end(status: Status): Promise<void> {
    const { code, reason } = closeFromStatus(status);
    await this.#close(code, reason);
  }

  async drain(): Promise<void> {
    await this.#close(CloseCode.goingAway, 'the gateway is shutting down');
  }

  /**
   * Sends whole frames past the WebSocket, which would make two writes of each. It writes its own frames to the same socket, in the
   * turn in which it is asked to (nothing is compressed here), so they stay in order.
   */
  #send(frames: Uint8Array): void {
    if (frames.length === 0 || this.#socket.readyState !== this.#socket.OPEN) return;
    const flushed = createDeferred();
    this.#flushed = flushed.promise;
    // It comes, with an error, also when the client is gone.
    this.#raw.write(frames, () => flushed.resolve());
  }

  /**
   * Until the client has taken everything. ws tells of a client that closes, or ends its side, only after that, which for one
   * that does not read is never: its state has to be looked at.
   */
  async #room(): Promise<void> {
    const timer = setInterval(() => {
      if (this.#socket.readyState !== this.#socket.OPEN) this.#socket.terminate();
    }, LEFT_CHECK_MS);
    await this.#flushed;
    clearInterval(timer);
  }

  async #close(code: number, reason: string): Promise<void> {
    // ws gives a closing socket a fixed time, and destroys what a slow client has not read by then.
    await this.#room();
    if (this.#socket.readyState === this.#socket.CLOSED) return;
    const closed = createDeferred();
    this.#socket.once('close', () => closed.resolve());
    this.#socket.close(code, reason);
    const timer = setTimeout(() => this.#socket.terminate(), CLOSE_WAIT_MS);
    await closed.promise;
    clearTimeout(timer);
  }
}
