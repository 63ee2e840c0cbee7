import { gunzipSync } from 'node:zlib';

/** A frame of gRPC around a message. */
export function frame(message: Uint8Array, flag = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** The head of a frame whose message does not follow. */
export function frameHead(length: number, flag = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(length, 1);
  return head;
}

/** The frames of a body; what is not whole at its end is left out. */
export function framesOf(body: Buffer): { flag: number; bytes: Buffer }[] {
  const frames: { flag: number; bytes: Buffer }[] = [];
  for (let at = 0; body.length - at >= 5; ) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    if (end > body.length) break;
    frames.push({ flag: body[at] as number, bytes: body.subarray(at + 5, end) });
    at = end;
  }
  return frames;
}

/** What a gRPC-Web client makes of an answer's body. */
export interface WebAnswer {
  readonly messages: Buffer[];
  /** Of the last frame, in order; `undefined` where there is none. */
  readonly trailers: [string, string][] | undefined;
}

export function webAnswer(body: Buffer): WebAnswer {
  const messages: Buffer[] = [];
  let trailers: [string, string][] | undefined;
  for (const { flag, bytes } of framesOf(body)) {
    if (trailers !== undefined) throw new Error('a frame behind the trailers');
    if (flag === 0x80) trailers = linesOf(bytes.toString('latin1'));
    else messages.push(flag === 1 ? gunzipSync(bytes) : bytes);
  }
  return { messages, trailers };
}

function linesOf(block: string): [string, string][] {
  return block
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
}

/** The bytes of base64 that is padded piece by piece. */
export function fromBase64Pieces(text: string): Buffer {
  const pieces = text.match(/[A-Za-z0-9+/]+={0,2}/g) ?? [];
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64')));
}
