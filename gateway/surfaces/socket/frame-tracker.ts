import { PIECE_BYTES } from '../exchange/index.js';

/** FIN and the bits of the opcode in the first byte of a frame. Source: RFC 6455 section 5.2. */
const FIN = 0x80;
const OPCODE = 0x0f;
const CLOSE = 0x8;
/** Opcodes from here on are control frames, which may stand between the fragments of a message. */
const FIRST_CONTROL = 0x8;
const LENGTH = 0x7f;
const MASKED = 0x80;
/** The header of a client's frame of less than 126 bytes: two bytes and the mask. */
const SHORT_HEADER = 6;
/** With the longest length. */
const MOST_HEADER = 14;

/**
 * Follows where the messages of a WebSocket begin and end in the bytes that a client sends, and keeps none of them: the WebSocket
 * library tells of messages only when they are whole. It checks nothing either; what is not WebSocket fails there.
 */
export class FrameTracker {
  /** Whole messages so far, without control frames. */
  messages = 0;
  /** A close frame has begun: the client sends nothing after it. */
  isClosed = false;
  /** Of a header that is long, or comes in pieces. */
  #header: Uint8Array | undefined;
  #filled = 0;
  /** Bytes of the frame's payload that have not come. */
  #left = 0;
  #first = 0;
  #isFragmented = false;
  /** Of the message that has begun. */
  #held = 0;

  /** A frame, or a message in fragments, has begun and is not whole. */
  get isMidMessage(): boolean {
    return this.#filled > 0 || this.#left > 0 || this.#isFragmented;
  }

  /** What the library holds of a message that is not whole: what has come of its payload, and each piece of it. */
  get heldBytes(): number {
    return this.#held;
  }

  push(chunk: Uint8Array): void {
    const end = chunk.length;
    let at = 0;
    while (at < end) {
      if (this.#left > 0) {
        const size = Math.min(this.#left, end - at);
        at += size;
        this.#left -= size;
        if (!isControl(this.#first)) this.#held += size + PIECE_BYTES;
        if (this.#left === 0) this.#frameEnded();
      } else if (this.#filled === 0 && end - at >= SHORT_HEADER && isShort(chunk[at + 1] as number)) {
        this.#frameBegan(chunk[at] as number, (chunk[at + 1] as number) & LENGTH);
        at += SHORT_HEADER;
      } else {
        this.#header ??= new Uint8Array(MOST_HEADER);
        const header = this.#header;
        header[this.#filled] = chunk[at] as number;
        this.#filled += 1;
        at += 1;
        if (this.#filled >= 2 && this.#filled === headerBytes(header[1] as number)) {
          this.#filled = 0;
          this.#frameBegan(header[0] as number, payloadBytes(header));
        }
      }
    }
  }

  #frameBegan(first: number, payload: number): void {
    this.#first = first;
    this.#left = payload;
    if ((first & OPCODE) === CLOSE) this.isClosed = true;
    if (payload === 0) this.#frameEnded();
  }

  #frameEnded(): void {
    if (!isControl(this.#first)) {
      this.#isFragmented = (this.#first & FIN) === 0;
      if (!this.#isFragmented) this.messages += 1;
    }
    if (!this.#isFragmented) this.#held = 0;
  }
}

function isControl(first: number): boolean {
  return (first & OPCODE) >= FIRST_CONTROL;
}

function isShort(second: number): boolean {
  return (second & MASKED) !== 0 && (second & LENGTH) < 126;
}

function headerBytes(second: number): number {
  const length = second & LENGTH;
  return 2 + (length === 127 ? 8 : length === 126 ? 2 : 0) + ((second & MASKED) === 0 ? 0 : 4);
}

function payloadBytes(header: Uint8Array): number {
  const length = (header[1] as number) & LENGTH;
  if (length < 126) return length;
  let bytes = 0;
  for (const byte of header.subarray(2, length === 126 ? 4 : 10)) bytes = bytes * 256 + byte;
  return bytes;
}
