import type { Socket } from 'node:net';
import { MAX_UINT31 } from './codes.js';
import type { FrameWriter } from './frame-writer.js';
import { SendLine } from './send-line.js';
import type { ClientStream } from './stream.js';

/** What may wait on the socket before streams stop adding to it. */
const HIGH_WATER_BYTES = 256 * 1024;
/** What one stream sends before it is the next one's turn. */
const TURN_BYTES = 16 * 1024;
/** How long an answer to a PING waits at most for a frame to leave with, in milliseconds. Servers on Go send a PING with nearly every answer. */
const COMPANY_MS = 4;
/** More than this in answers does not wait. */
const COMPANY_BYTES = 1_024;

/**
 * Streams that have something to send, in turn, and the end of the turn of the event loop at which everything leaves in
 * one write.
 */
export class SendQueue {
  readonly #socket: Socket;
  readonly #writer: FrameWriter;
  readonly #line = new SendLine();
  /** What the peer takes on the connection as a whole. */
  #window = 65_535;
  #scheduled = false;
  /** Something waits for company. */
  #isPatient = false;
  #patience: NodeJS.Timeout | undefined;
  #stopped = false;
  /** The timer runs on when what it was for has left: set for each answer anew, it would cost as much as a write. */
  readonly #endOfPatience = (): void => {
    this.#patience = undefined;
    if (this.#isPatient) this.flush();
  };
  readonly #endOfTurn = (): void => {
    this.#scheduled = false;
    this.flush();
  };

  constructor(socket: Socket, writer: FrameWriter) {
    this.#socket = socket;
    this.#writer = writer;
  }

  add(stream: ClientStream): void {
    this.#line.add(stream);
    this.flushLater();
  }

  delete(stream: ClientStream): void {
    this.#line.delete(stream);
  }

  /** The peer opens the window of the connection. False when it opens it too far. */
  widen(bytes: number): boolean {
    this.#window += bytes;
    if (this.#window > MAX_UINT31) return false;
    if (this.#line.size > 0) this.flushLater();
    return true;
  }

  flushLater(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    setImmediate(this.#endOfTurn);
  }

  /** The same for an answer that nobody waits for: with the next frame that leaves, or soon. */
  flushWithNext(): void {
    if (this.#writer.bytes > COMPANY_BYTES) this.flushLater();
    if (this.#scheduled || this.#stopped) return;
    this.#isPatient = true;
    this.#patience ??= setTimeout(this.#endOfPatience, COMPANY_MS);
  }

  /** Nothing will be written any more. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#patience);
    while (this.#line.shift() !== undefined);
  }

  /** Writes what waits, as far as windows and socket allow. */
  flush(): void {
    if (this.#stopped) return;
    this.#isPatient = false;
    const roomy = this.#emit();
    const buffers = this.#writer.take();
    if (buffers.length === 1) this.#socket.write(buffers[0] as Uint8Array);
    else if (buffers.length > 1) {
      this.#socket.cork();
      for (const buffer of buffers) this.#socket.write(buffer);
      this.#socket.uncork();
    }
    if (this.#socket.writableLength === 0) this.#writer.reuse();
    // Enough for one write: the rest at the end of the next turn, or when the socket has room.
    if (this.#line.size > 0 && this.#window > 0 && !this.#socket.writableNeedDrain) this.flushLater();
    if (roomy !== undefined) for (const stream of roomy) stream.handler.onRoom();
  }

  /** Lets streams write frames, in turn. Returns those that have room again. */
  #emit(): ClientStream[] | undefined {
    let roomy: ClientStream[] | undefined;
    let blocked: ClientStream[] | undefined;
    while (this.#socket.writableLength + this.#writer.bytes <= HIGH_WATER_BYTES) {
      const stream = this.#line.shift();
      if (stream === undefined) break;
      this.#window -= stream.emit(Math.min(this.#window, TURN_BYTES));
      if (stream.takeRoom()) {
        roomy ??= [];
        roomy.push(stream);
      }
      if (!stream.canSend) continue;
      if (this.#window > 0) this.#line.add(stream);
      else {
        blocked ??= [];
        blocked.push(stream);
      }
    }
    if (blocked !== undefined) for (const stream of blocked) this.#line.add(stream);
    return roomy;
  }
}
