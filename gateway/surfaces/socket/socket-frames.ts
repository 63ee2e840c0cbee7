import type { ByteWriter, MessageCodec } from '../../codec/index.js';
import { frameHeadBytes, MAX_FRAME_HEAD_BYTES, Opcode, putFrameHead } from '../../wire/index.js';

/** The head that is most likely needed: messages of 126 bytes to 64 KiB. */
const LIKELY_HEAD_BYTES = 4;

/** Begins a frame whose length is not known yet, and returns where: what is appended until `endFrame` is its payload. */
export function beginFrame(out: ByteWriter): number {
  const at = out.length;
  out.reserve(MAX_FRAME_HEAD_BYTES);
  out.length += LIKELY_HEAD_BYTES;
  return at;
}

/** Ends the frame that was begun at `at`. */
export function endFrame(out: ByteWriter, at: number, opcode: (typeof Opcode)[keyof typeof Opcode]): void {
  const bytes = out.length - at - LIKELY_HEAD_BYTES;
  const head = frameHeadBytes(bytes);
  if (head !== LIKELY_HEAD_BYTES) {
    out.reserve(MAX_FRAME_HEAD_BYTES);
    out.buffer.copyWithin(at + head, at + LIKELY_HEAD_BYTES, at + LIKELY_HEAD_BYTES + bytes);
    out.length = at + head + bytes;
  }
  putFrameHead(out.buffer, at, opcode, bytes);
}

/** Appends a message as a text frame of its JSON. Throws when it is no message; what was appended is then for the caller to cut. */
export function writeTextFrame(
  bytes: Uint8Array,
  start: number,
  end: number,
  codec: MessageCodec,
  out: ByteWriter,
): void {
  const at = beginFrame(out);
  codec.writeJson(bytes, start, end, out);
  endFrame(out, at, Opcode.text);
}

/** Appends what lies in `bytes` from `start` to `end` as a binary frame. */
export function writeBinaryFrame(bytes: Uint8Array, start: number, end: number, out: ByteWriter): void {
  out.reserve(MAX_FRAME_HEAD_BYTES);
  putFrameHead(out.buffer, out.length, Opcode.binary, end - start);
  out.length += frameHeadBytes(end - start);
  out.part(bytes, start, end);
}
