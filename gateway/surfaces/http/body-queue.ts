import type { IncomingMessage } from 'node:http';
import { watchRequest } from '../liveness/index.js';

/**
 * What of a body may wait for the service before the client does, in bytes; what one read of the socket brings comes on top. Two pieces: the socket is
 * read while the one before is on its way, and several leave in one write.
 */
const QUEUE_BYTES = 128 * 1024;
/** The largest piece: what Node reads of a socket at once. */
const PIECE_BYTES = 64 * 1024;
/** What the smallest piece counts, in bytes: a body may come in chunks of one byte, and each is an object that keeps what it was read with. */
const LEAST_COUNTED_BYTES = 512;

/**
 * A request body in the pieces that the socket brings, read ahead of who takes them, up to a bound. A body that is asked for piece by piece is paused after
 * each: two changes of what the kernel watches, and one write to the service, for every 64 KiB.
 */
export class BodyQueue {
  readonly #request: IncomingMessage;
  readonly #onPiece: () => void;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #isStarted = false;
  #isPaused = false;
  #unwatch: (() => void) | undefined;

  /** Nothing is read before the first `take`. `onPiece` is called for each piece that comes. */
  constructor(request: IncomingMessage, onPiece: () => void) {
    this.#request = request;
    this.#onPiece = onPiece;
  }

  /** The first piece that waits, of at most 64 KiB. */
  take(): Buffer | undefined {
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.#request.on('data', this.#add);
    }
    const piece = this.#pieces.shift();
    if (piece === undefined) return undefined;
    this.#bytes -= countedBytes(piece);
    if (this.#isPaused && this.#bytes <= QUEUE_BYTES / 2) this.#resume();
    return piece;
  }

  /** Drops what waits. The body may be paused. */
  close(): void {
    this.#request.off('data', this.#add);
    this.#unwatch?.();
    this.#pieces = [];
    this.#bytes = 0;
  }

  readonly #add = (bytes: Buffer): void => {
    if (bytes.length <= PIECE_BYTES) this.#push(bytes);
    else
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) this.#push(bytes.subarray(at, at + PIECE_BYTES));
    if (this.#bytes >= QUEUE_BYTES && !this.#isPaused) this.#pause();
    this.#onPiece();
  };

  #push(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#bytes += countedBytes(piece);
  }

  #pause(): void {
    this.#isPaused = true;
    this.#request.pause();
    // The socket is not read from now on, so nobody else would notice that the client has left.
    this.#unwatch = watchRequest(this.#request);
  }

  #resume(): void {
    this.#isPaused = false;
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#request.resume();
  }
}

function countedBytes(piece: Buffer): number {
  return Math.max(piece.length, LEAST_COUNTED_BYTES);
}
