import { createRegistry, type Registry } from '@bufbuild/protobuf';
import type { StatusDetail } from '../../status/index.js';
import type { ServerFrame } from '../../wire/session/index.js';
import { detailJson } from '../message/index.js';
import type { FrameSocket } from '../socket/index.js';
import { InFlight } from './in-flight.js';
import type { SessionFormat } from './session-format.js';
import { WriteQueue } from './write-queue.js';

/**
 * What may wait for the client beyond `highWaterBytes` before nothing more is read from it: the answers to its own frames would
 * otherwise grow for as long as it sends and does not read.
 */
const READ_STOP_BYTES = 64 * 1024;

const NO_TYPES = createRegistry();

/** What a session writes: frames of its own at once, those of calls in turns; and reading stops while the client does not take them. */
export class SessionOutput {
  readonly queue: WriteQueue;
  /** The types of the schema, to unpack error details. */
  registry: Registry = NO_TYPES;
  readonly #socket: FrameSocket;
  readonly #format: SessionFormat;
  readonly #highWaterBytes: number;
  #paused = false;
  #over = false;

  constructor(socket: FrameSocket, format: SessionFormat, highWaterBytes: number) {
    this.#socket = socket;
    this.#format = format;
    this.#highWaterBytes = highWaterBytes;
    this.queue = new WriteQueue(() => !this.#over && socket.bufferedBytes <= highWaterBytes);
  }

  /** Sends frames that are written already. */
  readonly send = (frames: Uint8Array, onLeft: () => void): void => {
    this.#socket.write(frames, onLeft);
    this.queue.inFlight?.sent(frames.length);
    this.#watchReading();
  };

  /** To be called when something has left. */
  readonly onLeft = (): void => {
    this.queue.run();
    this.#watchReading();
  };

  control(frame: ServerFrame, onLeft?: () => void): void {
    const bytes = this.#format.control(frame, this.#detailJson);
    if (onLeft === undefined) this.send(bytes, this.onLeft);
    else {
      this.send(bytes, () => {
        onLeft();
        this.onLeft();
      });
    }
  }

  /** A call has begun beside another: what is in flight is bounded now. */
  beside(): void {
    this.queue.inFlight ??= this.#boundInFlight();
    this.queue.inFlight.begin();
  }

  /** No turn is given any more. */
  stop(): void {
    this.#over = true;
    this.queue.inFlight?.close();
  }

  #boundInFlight(): InFlight {
    const inFlight = new InFlight(
      (position) => this.#socket.ping(position),
      () => this.queue.run(),
    );
    this.#socket.onPong((position) => inFlight.arrived(position));
    return inFlight;
  }

  readonly #detailJson = (detail: StatusDetail): unknown => detailJson(detail, this.registry);

  /** Reads from the client only while it takes what it is sent. */
  #watchReading(): void {
    if (this.#over) return;
    const full = this.#socket.bufferedBytes > this.#highWaterBytes + READ_STOP_BYTES;
    if (full === this.#paused) return;
    this.#paused = full;
    if (full) this.#socket.pause();
    else this.#socket.resume();
  }
}
