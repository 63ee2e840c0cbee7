import type { IncomingMessage } from 'node:http';
import { giveBackWhole, memory, WaitingBytes } from '../../memory/index.js';
import { isFilling, stopReading, streamOf, watchRequest } from '../liveness/index.js';
import { BodyAhead } from './body-ahead.js';

/**
 * What of a body may wait for the service before the client does, in bytes; what one read of the socket brings comes on top. Two pieces: the socket is
 * read while the one before is on its way, and several leave in one write. More where the service is fast: see `BodyAhead`.
 */
export const QUEUE_BYTES = 128 * 1024;
/** The same where a body is read only when somebody waits for it: small pieces, of which one would be little. */
const DEMANDED_BYTES = 16 * 1024;
/** The largest piece: what Node reads of a socket at once. */
const PIECE_BYTES = 64 * 1024;
/** The same of what waits in pages: it is a copy that its reader holds besides. */
const PAGED_PIECE_BYTES = 8 * 1024;
/** What the smallest piece counts, in bytes: a body may come in chunks of one byte, and each is an object that keeps what it was read with. */
const LEAST_COUNTED_BYTES = 512;

/**
 * A request body in the pieces that the socket brings, read ahead of who takes them, up to a bound. A body that is asked for piece by piece is paused after
 * each: two changes of what the kernel watches, and one write to the service, for every 64 KiB.
 *
 * Where many clients stall nothing is read ahead: what one read of the socket brings, and only when somebody waits for it. It is copied into pages, and the
 * memory in which it came is given back: of a thousand of these the C library would keep most.
 */
export class BodyQueue {
  readonly #request: IncomingMessage;
  readonly #onPiece: () => void;
  readonly #ahead: BodyAhead | undefined;
  #pieces: Buffer[] = [];
  /** What they count. */
  #bytes = 0;
  /** What waits behind the pieces where many clients stall. */
  #paged: WaitingBytes | undefined;
  #isStarted = false;
  #isPaused = false;
  #unwatch: (() => void) | undefined;

  /** Nothing is read before the first `take`. `onPiece` is called for each piece that comes. `aheadBytes`: 0 reads nothing ahead. */
  constructor(request: IncomingMessage, onPiece: () => void, aheadBytes: number) {
    this.#request = request;
    this.#onPiece = onPiece;
    if (aheadBytes > 0) this.#ahead = new BodyAhead(aheadBytes);
  }

  /** The first piece that waits, of at most 64 KiB. */
  take(): Buffer | undefined {
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.#request.on('data', this.#add);
    }
    const piece = this.#pieces.shift();
    if (piece !== undefined) this.#count(-countedBytes(piece));
    const taken = piece ?? this.#takePaged();
    if (taken === undefined) return undefined;
    this.#ahead?.took(taken.length);
    const ahead = this.#aheadBytes;
    if (this.#isPaused && ahead > 0 && this.#waiting <= ahead / 2) this.#resume();
    return taken;
  }

  #takePaged(): Buffer | undefined {
    const paged = this.#paged;
    if (paged === undefined) return undefined;
    const piece = paged.head(Math.min(paged.length, PAGED_PIECE_BYTES));
    paged.drop(piece.length);
    if (paged.length === 0) this.#paged = undefined;
    return piece;
  }

  /** Somebody waits for the next piece, and nothing is here. */
  want(): void {
    if (this.#isPaused) this.#resume();
  }

  /** Drops what waits. The body may be paused. */
  close(): void {
    this.#request.off('data', this.#add);
    this.#unwatch?.();
    this.#pieces = [];
    this.#count(-this.#bytes);
    this.#paged?.drop(this.#paged.length);
    this.#paged = undefined;
  }

  /** In bytes, pieces as they count. */
  get #waiting(): number {
    return this.#bytes + (this.#paged?.length ?? 0);
  }

  /** How far it is read ahead; not at all where it is read only when somebody waits for it. */
  get #aheadBytes(): number {
    return this.#ahead === undefined || memory.isCrowded ? 0 : this.#ahead.bytes;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    memory.ordinaryBytes += bytes;
  }

  readonly #add = (bytes: Buffer): void => {
    if (isFilling(bytes)) return;
    // Behind pages only pages, so that all stays in order.
    if (this.#paged !== undefined || memory.isCrowded) this.#page(bytes);
    else if (bytes.length <= PIECE_BYTES) this.#push(bytes);
    else
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) this.#push(bytes.subarray(at, at + PIECE_BYTES));
    if (this.#waiting >= (this.#aheadBytes || DEMANDED_BYTES) && !this.#isPaused) this.#pause();
    this.#onPiece();
  };

  #push(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#count(countedBytes(piece));
  }

  #page(bytes: Buffer): void {
    this.#paged ??= new WaitingBytes();
    this.#paged.append(bytes, 0, bytes.length);
    giveBackWhole(bytes);
  }

  #pause(): void {
    this.#isPaused = true;
    this.#ahead?.filled(performance.now());
    this.#request.pause();
    // A stream of HTTP/2 brings its window in any case, but no more.
    if (memory.isCrowded) stopReading(streamOf(this.#request) ?? this.#request);
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
