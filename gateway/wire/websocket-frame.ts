/** What a frame holds. Source: RFC 6455 section 5.2. */
export const Opcode = { text: 1, binary: 2 } as const;

/** The longest head of a frame from a server, which masks nothing. */
export const MAX_FRAME_HEAD_BYTES = 10;

const FIN = 0x80;

/** How long the head of a frame is: the length has the shortest form that holds it. */
export function frameHeadBytes(payloadBytes: number): number {
  if (payloadBytes < 126) return 2;
  return payloadBytes < 65_536 ? 4 : MAX_FRAME_HEAD_BYTES;
}

/** Writes the head of a whole message in one frame, `frameHeadBytes` long. */
export function putFrameHead(
  into: Buffer,
  at: number,
  opcode: (typeof Opcode)[keyof typeof Opcode],
  payloadBytes: number,
): void {
  into[at] = FIN | opcode;
  if (payloadBytes < 126) into[at + 1] = payloadBytes;
  else if (payloadBytes < 65_536) {
    into[at + 1] = 126;
    into.writeUInt16BE(payloadBytes, at + 2);
  } else {
    into[at + 1] = 127;
    into.writeUInt32BE(Math.floor(payloadBytes / 2 ** 32), at + 2);
    into.writeUInt32BE(payloadBytes >>> 0, at + 6);
  }
}
