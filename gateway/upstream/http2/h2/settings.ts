import { ConnectionError, ErrorCode, Flag, FrameType, Setting } from './codes.js';
import { MAX_FRAME_BYTES } from './frame-parser.js';
import type { FrameWriter } from './frame-writer.js';
import { MAX_HEADER_LIST_BYTES } from './header-decoder.js';
import type { HeaderEncoder } from './header-encoder.js';
import { parseSettings } from './payloads.js';
import type { StreamTable } from './stream-table.js';

const NOTHING = new Uint8Array(0);

/** What both sides have told each other of themselves. Source: RFC 9113 section 6.5. */
export class Settings {
  readonly #writer: FrameWriter;
  #peerWindowBytes = 65_535;
  #peerFrameBytes = 16_384;
  #peerHeaderListBytes = Number.POSITIVE_INFINITY;
  #isHeard = false;

  constructor(writer: FrameWriter) {
    this.#writer = writer;
  }

  /** What we may have under way on a new stream. */
  get peerWindowBytes(): number {
    return this.#peerWindowBytes;
  }

  /** Largest frame the peer takes. */
  get peerFrameBytes(): number {
    return this.#peerFrameBytes;
  }

  /** Largest list of header fields the peer takes, counted as `headerListBytes` does. */
  get peerHeaderListBytes(): number {
    return this.#peerHeaderListBytes;
  }

  /** The peer has said something, so it speaks HTTP/2. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  /** What a connection begins with, and never changes. `windowBytes`: of every stream at first. */
  greet(windowBytes: number): void {
    this.#writer.settings([
      [Setting.ENABLE_PUSH, 0],
      [Setting.INITIAL_WINDOW_SIZE, windowBytes],
      [Setting.MAX_FRAME_SIZE, MAX_FRAME_BYTES],
      [Setting.MAX_HEADER_LIST_SIZE, MAX_HEADER_LIST_BYTES],
    ]);
  }

  /**
   * The peer speaks of itself, and is answered. Returns its limit of streams, if this frame is to be acted on as news of it. Throws
   * a `ConnectionError`.
   */
  heard(payload: Uint8Array, streams: StreamTable, encoder: HeaderEncoder): number | undefined {
    const told = parseSettings(payload);
    if (told.headerTableBytes !== undefined) encoder.limit(told.headerTableBytes);
    if (told.frameBytes !== undefined) this.#peerFrameBytes = told.frameBytes;
    if (told.headerListBytes !== undefined) this.#peerHeaderListBytes = told.headerListBytes;
    if (told.windowBytes !== undefined) {
      const more = told.windowBytes - this.#peerWindowBytes;
      this.#peerWindowBytes = told.windowBytes;
      for (const stream of streams.all()) if (!stream.widen(more)) throw windowOverflow();
    }
    this.#writer.frame(FrameType.SETTINGS, Flag.ACK, 0, NOTHING);
    if (this.#isHeard) return told.maxStreams;
    this.#isHeard = true;
    return told.maxStreams ?? Number.POSITIVE_INFINITY;
  }
}

/** A window beyond 2^31-1. Source: RFC 9113 section 6.9.1. */
export function windowOverflow(): ConnectionError {
  return new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'overflowed a flow-control window');
}
