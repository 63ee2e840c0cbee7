import { gzipSync } from 'node:zlib';

/** Flags of a frame of Connect's streams. */
export const Flag = { message: 0, compressed: 1, end: 2 } as const;

/** One frame: a flag, the length, and the bytes. */
export function envelope(bytes: Uint8Array | string, flags: number = Flag.message): Buffer {
  const body = Buffer.from(bytes);
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** One frame with a message that is compressed with gzip, marked as that. */
export function gzipEnvelope(bytes: Uint8Array | string): Buffer {
  return envelope(gzipSync(bytes), Flag.compressed);
}

/** The whole frames at the beginning of bytes, and what is left of these. */
export function envelopes(bytes: Buffer): { frames: { flags: number; bytes: Buffer }[]; rest: Buffer } {
  const frames: { flags: number; bytes: Buffer }[] = [];
  let at = 0;
  while (bytes.length - at >= 5) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    if (end > bytes.length) break;
    frames.push({ flags: bytes[at] as number, bytes: bytes.subarray(at + 5, end) });
    at = end;
  }
  return { frames, rest: bytes.subarray(at) };
}

/** An answer that is a stream: its messages, and what its one last frame says. Throws for anything else. */
export function connectStream(body: Buffer): { messages: Buffer[]; end: ConnectEnd } {
  const { frames, rest } = envelopes(body);
  const last = frames.pop();
  if (rest.length > 0) throw new Error(`${rest.length} bytes follow the last frame`);
  if (last?.flags !== Flag.end) throw new Error(`the last frame has the flag ${last?.flags}`);
  if (frames.some(({ flags }) => flags !== Flag.message)) throw new Error('a frame that is no message');
  return { messages: frames.map(({ bytes }) => bytes), end: JSON.parse(last.bytes.toString('utf8')) };
}

export interface ConnectEnd {
  readonly error?: { readonly code: string; readonly message?: string; readonly details?: unknown[] };
  readonly metadata?: Record<string, string[]>;
}
