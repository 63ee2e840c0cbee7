import type { Readable } from 'node:stream';

/** As much as a stream wants to hold at most, and nobody looks at. Never written, so hardly resident. */
const FILLING = Buffer.alloc(64 * 1024);

/**
 * Fills a paused stream, so that it reads nothing more from its socket. Node stops reading only when a stream holds as much as it wants, and until
 * then brings another 64 KiB, which a thousand stalled clients make 64 MiB. Called while the stream hands on `data`, it takes effect at once. What
 * fills it is the first that comes when it goes on: whoever listens passes over what `isFilling`.
 */
export function stopReading(stream: Readable): void {
  stream.unshift(fillingOf(stream));
}

/** Whether a piece of the stream is none of its own. */
export function isFilling(piece: Buffer): boolean {
  return piece.buffer === FILLING.buffer;
}

/** Takes out what `stopReading` put into a stream that is still paused. Listeners of `data` are given it. */
export function emptyAgain(stream: Readable): void {
  stream.read(fillingOf(stream).length);
}

/** No more than the stream wants: asked for more at once, it would want more from then on. */
function fillingOf(stream: Readable): Buffer {
  return FILLING.subarray(0, stream.readableHighWaterMark);
}
