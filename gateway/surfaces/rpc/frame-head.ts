/**
 * The bytes in front of each message of gRPC, gRPC-Web and Connect's streams: a flag, and the length as a big-endian number. Sources:
 * grpc/doc/PROTOCOL-HTTP2.md, "Length-Prefixed-Message"; https://connectrpc.com/docs/protocol, "Streaming-Request".
 */
export const FRAME_PREFIX_BYTES = 5;

/** What the bits of the flag mean. */
export const FrameFlag = {
  /** The message is compressed as the head says. */
  compressed: 0x01,
  /** Connect's end of a stream. */
  end: 0x02,
  /** The trailers of gRPC-Web. */
  trailers: 0x80,
} as const;

/** A frame around bytes: what stands in front of them, and they, in one buffer. */
export function frameOf(flags: number, bytes: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_PREFIX_BYTES + bytes.length);
  putFramePrefix(frame, 0, flags, bytes.length);
  frame.set(bytes, FRAME_PREFIX_BYTES);
  return frame;
}

/** Writes what stands in front of a message of this length. */
export function putFramePrefix(into: Buffer, at: number, flags: number, length: number): void {
  into[at] = flags;
  into[at + 1] = length >>> 24;
  into[at + 2] = length >>> 16;
  into[at + 3] = length >>> 8;
  into[at + 4] = length;
}
