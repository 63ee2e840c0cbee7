import type { RawData, WebSocket } from 'ws';
import { Bell } from '../../async/index.js';
import type { Incoming } from '../../bridge/index.js';
import { memory } from '../../memory/index.js';
import { RpcError } from '../../status/index.js';
import type { MethodRequest } from '../exchange/index.js';
import { type AddressFields, textFromBytes, withAddress } from '../message/index.js';
import type { ClientSocket } from '../socket/index.js';

interface Frame {
  readonly data: Buffer;
  readonly binary: boolean;
}

/** Bytes of frames held for a service that does not read, before the socket is paused; one socket read may come on top. */
const HIGH_WATER_BYTES = 64 * 1024;
/** What an empty frame costs us to hold: without it a client could make us hold any number of them. */
const FRAME_BYTES = 128;

/**
 * The messages of a plain WebSocket. Must be made in the tick in which the socket opens: what comes earlier than its
 * listeners is lost. Frames are kept as they came and decoded when the service has room.
 */
export class WebSocketIncoming implements Incoming {
  readonly #request: MethodRequest;
  readonly #bound: AddressFields;
  readonly #socket: WebSocket;
  readonly #client: ClientSocket;
  readonly #onViolation: (error: RpcError) => void;
  #frames: Frame[] = [];
  #bytes = 0;
  #messages = 0;
  #halfClosed = false;
  #closed = false;
  #failure: RpcError | undefined;
  /** Rings when `read` may go on. */
  readonly #arrived = new Bell();
  /** The client's first message was binary, so it wants binary answers. */
  isBinary = false;

  /** `bound`: fields of every message, from the address. `onViolation` hears of what comes when nothing reads any more. */
  constructor(
    request: MethodRequest,
    bound: AddressFields,
    socket: WebSocket,
    client: ClientSocket,
    onViolation: (error: RpcError) => void,
  ) {
    this.#request = request;
    this.#bound = bound;
    this.#socket = socket;
    this.#client = client;
    this.#onViolation = onViolation;
    socket.on('message', this.#receive);
    socket.on('close', this.#wake);
  }

  /** The method takes one message, and it has not come: the request is not whole yet. */
  get isIncomplete(): boolean {
    return this.#needsMessage() && !this.#halfClosed;
  }

  async read(): Promise<Uint8Array[] | undefined> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      if (this.#closed) return undefined;
      const frames = this.#frames;
      if (frames.length > 0) {
        this.#frames = [];
        this.#count(-this.#bytes);
        const batch = this.#decode(frames);
        if (batch.length > 0) return batch;
        continue;
      }
      // A unary or server-stream method has all it takes after one message.
      if (this.#halfClosed || (this.#messages > 0 && !this.#request.method.requestStream)) return undefined;
      if (this.#socket.readyState !== this.#socket.OPEN) {
        throw new RpcError('CLIENT_LEFT', 'the client closed the WebSocket before the half-close');
      }
      this.#client.resume();
      await this.#arrived.wait();
    }
  }

  close(): void {
    this.#closed = true;
    this.#frames = [];
    this.#count(-this.#bytes);
    this.#client.resume();
    this.#socket.off('message', this.#receive);
    this.#socket.off('close', this.#wake);
    this.#wake();
  }

  readonly #receive = (data: RawData, binary: boolean) => {
    const frame = { data: data as Buffer, binary };
    const over = this.#halfClosed || (this.#messages > 0 && !this.#request.method.requestStream);
    const isHalfClose = !binary && frame.data.length === 0;
    if (isHalfClose && (over || !this.#needsMessage())) {
      this.#halfClosed = true;
      return this.#wake();
    }
    if (over) {
      const rule = this.#halfClosed
        ? 'no message may follow the half-close'
        : 'this method takes one message';
      return this.#onViolation(new RpcError('UNEXPECTED_MESSAGE', rule));
    }
    if (isHalfClose) this.#halfClosed = true;
    else if (this.#messages === 0) this.isBinary = binary;
    this.#messages += 1;
    this.#frames.push(frame);
    this.#count(frame.data.length + FRAME_BYTES);
    if (this.#bytes >= HIGH_WATER_BYTES || memory.isCrowded) this.#client.pause();
    this.#wake();
  };

  #count(bytes: number): void {
    this.#bytes += bytes;
    memory.ordinaryBytes += bytes;
  }

  /** A method that takes one message takes the half-close alone as an empty one. */
  #needsMessage(): boolean {
    return this.#messages === 0 && !this.#request.method.requestStream;
  }

  #decode(frames: readonly Frame[]): Uint8Array[] {
    const batch: Uint8Array[] = [];
    try {
      for (const { data, binary } of frames) batch.push(this.#message(data, binary));
    } catch (reason) {
      // The messages before the bad one go first.
      this.#failure = RpcError.from(reason);
    }
    return batch;
  }

  #message(data: Buffer, binary: boolean): Uint8Array {
    const { requestCodec } = this.#request;
    if (binary) requestCodec.assertWire(data);
    const message = binary || data.length === 0 ? data : requestCodec.fromJson(textFromBytes(data));
    return withAddress(this.#request, message, this.#bound);
  }

  readonly #wake = () => this.#arrived.ring();
}
