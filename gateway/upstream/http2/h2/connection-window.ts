import { ConnectionError, ErrorCode, FrameType } from './codes.js';
import type { FrameWriter } from './frame-writer.js';

/** What HTTP/2 begins with. Source: RFC 9113 section 6.9.2. */
const INITIAL_BYTES = 65_535;
/**
 * Credit for the connection as a whole. It is given back as soon as bytes arrive, whether anybody reads them or not: what is held is
 * bounded by the streams' own windows, and this one only must not be what slows them.
 */
const WINDOW_BYTES = 16 * 1024 * 1024;

/** The window of the connection, which all streams share. */
export class ConnectionWindow {
  #left = INITIAL_BYTES;

  /** Opens it to its full width. */
  open(writer: FrameWriter): void {
    this.#widen(writer);
  }

  /** Counts received bytes. True when a frame was written that gives credit for them. Throws when they are more than was allowed. */
  take(bytes: number, writer: FrameWriter): boolean {
    this.#left -= bytes;
    if (this.#left < 0) {
      throw new ConnectionError(
        ErrorCode.FLOW_CONTROL_ERROR,
        "sent more data than the connection's flow-control window allows",
      );
    }
    if (this.#left > WINDOW_BYTES / 2) return false;
    this.#widen(writer);
    return true;
  }

  #widen(writer: FrameWriter): void {
    writer.numbers(FrameType.WINDOW_UPDATE, 0, WINDOW_BYTES - this.#left);
    this.#left = WINDOW_BYTES;
  }
}
