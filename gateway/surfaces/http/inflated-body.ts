import { createGunzip } from 'node:zlib';
import { Bell } from '../../async/index.js';
import { RpcError } from '../../status/index.js';
import { PIECE_BYTES } from '../exchange/index.js';
import type { BodyReader } from './body-reader.js';
import { reasonOf, tooLarge } from './body-refusal.js';
import type { WholeBody } from './whole-body.js';

/**
 * How many times its size a body may come to, beyond one message of the largest size. Texts that machines write come to thirty times; a bomb comes to a
 * thousand, and each of its bytes would cost us as much as one that was sent.
 */
const MOST_TIMES = 100;

/**
 * A request body in gzip, pulled as the plain one is: no more is inflated than somebody asks for, and 64 KiB, and no more is read of the socket than
 * that takes. What is no gzip, not all of it, or more than gzip, is INVALID_ARGUMENT. Closes the body that it reads.
 */
export class InflatedBody {
  readonly #body: BodyReader;
  readonly #freeBytes: number;
  readonly #inflater = createGunzip();
  /** Rings when the inflater has made something, wants more, or is over. */
  readonly #changed = new Bell();
  #givenBytes = 0;
  #madeBytes = 0;
  /** The inflater is busy with what it was given. */
  #isBusy = false;
  /** It has been given all. */
  #isEnding = false;
  #isClosed = false;
  #failure: RpcError | undefined;

  /** `freeBytes` are not counted against the size of the body. */
  constructor(body: BodyReader, freeBytes: number) {
    this.#body = body;
    this.#freeBytes = freeBytes;
    const ring = () => this.#changed.ring();
    this.#inflater.on('readable', ring);
    this.#inflater.on('end', ring);
    this.#inflater.on('error', (cause) => {
      this.#failure ??= notGzip(cause);
      ring();
    });
  }

  async read(isMidMessage: boolean): Promise<Buffer | undefined> {
    for (;;) {
      if (this.#isClosed) return undefined;
      const piece = this.take();
      if (piece !== undefined) return piece;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#inflater.readableEnded) return await this.#end(isMidMessage);
      if (this.#isBusy || this.#isEnding) await this.#changed.wait();
      else if (!(await this.#feed(isMidMessage))) return undefined;
    }
  }

  take(): Buffer | undefined {
    if (this.#failure !== undefined || this.#isClosed) return undefined;
    const piece = (this.#inflater.read() as Buffer | null) ?? undefined;
    this.#madeBytes += piece?.length ?? 0;
    if (this.#madeBytes <= this.#freeBytes + MOST_TIMES * this.#givenBytes) return piece;
    this.#failure = new RpcError(
      'MESSAGE_TOO_LARGE',
      `the request body inflates to more than ${MOST_TIMES} times its size: send it uncompressed`,
    );
    return undefined;
  }

  messageEnded(): void {
    this.#body.messageEnded();
  }

  async readAll(whole: WholeBody): Promise<Buffer> {
    const given = await this.#body.readAll(whole);
    if (given.length > 0) this.#give(given);
    this.#isEnding = true;
    if (given.length === 0) return given;
    this.#inflater.end();
    const pieces: Buffer[] = [];
    let bytes = 0;
    const unfinished = whole.countUnfinished();
    try {
      for (;;) {
        const piece = await this.read(true);
        if (piece === undefined) return Buffer.concat(pieces);
        bytes += piece.length;
        if (bytes > whole.maxBytes) throw tooLarge(whole.maxBytes);
        pieces.push(piece);
        unfinished.holds(given.length + bytes + pieces.length * PIECE_BYTES);
        if (whole.signal.aborted) throw reasonOf(whole.signal);
      }
    } finally {
      unfinished.holds(0);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#inflater.destroy();
    this.#body.close();
    this.#changed.ring();
  }

  /** Gives the inflater what comes next. `false` where there is nothing to inflate at all. */
  async #feed(isMidMessage: boolean): Promise<boolean> {
    const chunk = await this.#body.read(isMidMessage);
    if (this.#isClosed) return false;
    if (chunk !== undefined) this.#give(chunk);
    else {
      this.#isEnding = true;
      // No body is no message, as without an encoding.
      if (this.#givenBytes === 0) return false;
      this.#inflater.end();
    }
    return true;
  }

  #give(chunk: Buffer): void {
    this.#givenBytes += chunk.length;
    this.#isBusy = true;
    this.#inflater.write(chunk, () => {
      this.#isBusy = false;
      this.#changed.ring();
    });
  }

  /** The library stops at the first byte behind the end that cannot begin more, and says nothing of it. */
  async #end(isMidMessage: boolean): Promise<undefined> {
    const isAll = this.#inflater.bytesWritten === this.#givenBytes;
    const more = isAll && !this.#isEnding ? await this.#body.read(isMidMessage) : undefined;
    if (isAll && more === undefined) return undefined;
    this.#failure = notGzip('something follows its end');
    throw this.#failure;
  }
}

function notGzip(cause: unknown): RpcError {
  return new RpcError(
    'INVALID_MESSAGE',
    'header content-encoding: the request body is not gzip, or not exactly one whole body',
    { cause },
  );
}
