import type { Socket } from 'node:net';
import { MAX_UINT31 } from './codes.js';
import type { FrameWriter } from './frame-writer.js';
import { SendLine } from './send-line.js';
import type { ClientStream } from './stream.js';

/** What may wait on the socket before streams stop adding to it. */
const HIGH_WATER_BYTES = 256 * 1024;
/** The same of a socket that takes all at once: the peer wakes up once for many pieces. */
export const MOST_WATER_BYTES = 1024 * 1024;
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
  /** What may be laid out for one write, with what waits on the socket. */
  #mostBytes = HIGH_WATER_BYTES;
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

  /** It has something to send. Returns what it may have: see `#leavingBytes`. */
  add(stream: ClientStream): number {
    this.#line.add(stream);
    this.flushLater();
    return this.#leavingBytes;
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

  /** What a stream may have so that it leaves at the end of the turn, as far as is known: nothing, while others have something to send or the socket has not taken all. */
  get #leavingBytes(): number {
    if (this.#line.size > 1 || this.#socket.writableLength > 0) return 0;
    return Math.min(this.#window, this.#mostBytes - this.#writer.bytes);
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
    const bytes = this.#writer.bytes;
    const buffers = this.#writer.take();
    if (buffers.length === 1) this.#socket.write(buffers[0] as Uint8Array);
    else if (buffers.length > 1) {
      this.#socket.cork();
      for (const buffer of buffers) this.#socket.write(buffer);
      this.#socket.uncork();
    }
    this.#written(bytes);
    // Enough for one write: the rest at the end of the next turn, or when the socket has room.
    if (this.#line.size > 0 && this.#window > 0 && !this.#socket.writableNeedDrain) this.flushLater();
    if (roomy !== undefined) for (const stream of roomy) stream.handler.onRoom();
  }

  /** So much has been given to the socket. */
  #written(bytes: number): void {
    if (this.#socket.writableLength > 0) {
      this.#mostBytes = HIGH_WATER_BYTES;
      this.#writer.waits();
      return;
    }
    this.#writer.reuse();
    if (bytes > this.#mostBytes / 2) this.#mostBytes = Math.min(2 * this.#mostBytes, MOST_WATER_BYTES);
  }

  /** Lets streams write frames, in turn. Returns those that have room again. */
  #emit(): ClientStream[] | undefined {
    let roomy: ClientStream[] | undefined;
    let blocked: ClientStream[] | undefined;
    while (this.#socket.writableLength + this.#writer.bytes <= this.#mostBytes) {
      const stream = this.#line.shift();
      if (stream === undefined) break;
      this.#window -= stream.emit(Math.min(this.#window, TURN_BYTES));
      if (stream.needsRoom && stream.takeRoom(this.#leavingBytes)) {
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
