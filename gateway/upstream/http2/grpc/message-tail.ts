import { FRAME_HEAD_BYTES } from '../h2/index.js';
import type { UnreadBytes } from './unread-bytes.js';

/** The beginning of a message at the end of what came last, in this read of the socket. It lies there until more comes, or the read ends. */
export class MessageTail {
  /** Where it lies; `undefined` where there is none. */
  bytes: Buffer | undefined;
  start = 0;
  end = 0;

  set(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  drop(): void {
    this.bytes = undefined;
  }

  /**
   * Moves it over the head of the frame that brings its next bytes, from `start` on, and returns where it begins now. `undefined` where it
   * does not lie right before that head.
   */
  joinTo(bytes: Buffer, start: number): number | undefined {
    if (this.bytes !== bytes || this.end + FRAME_HEAD_BYTES !== start) return undefined;
    const begin = start - (this.end - this.start);
    bytes.copyWithin(begin, this.start, this.end);
    this.bytes = undefined;
    return begin;
  }

  /** Copies it behind what waits. */
  moveTo(unread: UnreadBytes): void {
    if (this.bytes === undefined) return;
    unread.append(this.bytes, this.start, this.end);
    this.bytes = undefined;
  }
}
