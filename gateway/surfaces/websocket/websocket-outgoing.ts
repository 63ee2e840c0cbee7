import { Bell, createDeferred } from '../../async/index.js';
import type { Outgoing } from '../../bridge/index.js';
import type { ByteWriter } from '../../codec/index.js';
import type { Status } from '../../status/index.js';
import type { Batch, Outlet } from '../../upstream/index.js';
import { CloseCode, closeFromStatus } from '../../wire/index.js';
import type { MethodRequest } from '../exchange/index.js';
import { type Framing, SealedOutlet, scratch, sendBatch, type TextOutgoing } from '../message/index.js';
import { type ClientSocket, writeBinaryFrame, writeTextFrame } from '../socket/index.js';

const TEXT = {};
const BINARY = {};

/** The messages and the end of a call as frames of a plain WebSocket. */
export class WebSocketOutgoing implements Outgoing, TextOutgoing {
  // There is no head: the upgrade has been answered.
  readonly headWaitMs = Number.POSITIVE_INFINITY;
  readonly flushMs: number;
  readonly #request: MethodRequest;
  readonly #socket: ClientSocket;
  readonly #isBinary: () => boolean;
  /** Writes that have not left this process. */
  #writes = 0;
  readonly #allLeft = new Bell();
  readonly #framing: Framing & { frame: object };
  #outlet: SealedOutlet | undefined;
  /** Only the close follows: what waits for room is dropped. */
  #isEnding = false;
  /** The service has sent something. */
  hasAnswer = false;

  /** `isBinary` tells whether the client wants protobuf. */
  constructor(request: MethodRequest, socket: ClientSocket, isBinary: () => boolean) {
    this.flushMs = request.limits.flushMs;
    this.#request = request;
    this.#framing = { frame: TEXT, codec: request.responseCodec, lastId: undefined };
    this.#socket = socket;
    this.#isBinary = isBinary;
  }

  head(): undefined {}

  write(batch: Batch): Promise<void> | undefined {
    this.hasAnswer = true;
    const isBinary = this.#isBinary();
    const encode = isBinary ? this.#encodeBinary : this.#encodeText;
    this.#framing.frame = isBinary ? BINARY : TEXT;
    return sendBatch(batch, this, encode, { framing: this.#framing });
  }

  readonly #encodeBinary = (bytes: Buffer, start: number, end: number): void =>
    writeBinaryFrame(bytes, start, end, scratch);

  readonly #encodeText = (bytes: Buffer, start: number, end: number): void =>
    writeTextFrame(bytes, start, end, this.#request.responseCodec, scratch);

  get closed(): boolean {
    return this.#isEnding || this.#socket.isClosed;
  }

  /** Each message is a frame of its own: nothing goes in front of several. */
  begin(): void {}

  send(out: ByteWriter): Promise<void> | undefined {
    if (out.length > 0) {
      this.#writes += 1;
      out.handTo((frames, onLeft) => this.#socket.write(frames, onLeft), this.#onLeft);
    }
    return this.#roomNow();
  }

  readonly sealing = 'none';

  seal(out: ByteWriter): Buffer {
    return out.take();
  }

  sendSealed(frames: Buffer): Promise<void> | undefined {
    if (this.closed) return undefined;
    this.#writes += 1;
    this.#socket.write(frames, this.#onLeft);
    return this.#roomNow();
  }

  /** Only once a batch has shown the form, and where no message of the client can ask for another one. */
  get outlet(): Outlet | undefined {
    if (!this.hasAnswer || this.#request.method.requestStream) return undefined;
    this.#outlet ??= new SealedOutlet(this.#framing, this);
    return this.#outlet;
  }

  #roomNow(): Promise<void> | undefined {
    return this.#socket.bufferedBytes > this.#request.limits.highWaterBytes ? this.#room() : undefined;
  }

  async end(status: Status): Promise<void> {
    const { code, reason } = closeFromStatus(status);
    await this.#close(code, reason);
  }

  async drain(): Promise<void> {
    await this.#close(CloseCode.goingAway, 'the gateway is shutting down');
  }

  readonly #onLeft = (): void => {
    this.#writes -= 1;
    if (this.#writes === 0) this.#allLeft.ring();
  };

  /** Until the client's side has taken everything, or the client has left. */
  #room(): Promise<void> | undefined {
    return this.#writes > 0 ? this.#allLeft.wait() : undefined;
  }

  async #close(code: number, reason: string): Promise<void> {
    this.#isEnding = true;
    // ws gives a closing socket a fixed time, and destroys what a slow client has not read by then.
    await this.#room();
    if (this.#socket.isClosed) return;
    const closed = createDeferred();
    this.#socket.onLeft(closed.resolve);
    this.#socket.close(code, reason);
    await closed.promise;
  }
}
