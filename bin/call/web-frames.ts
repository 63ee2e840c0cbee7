const PREFIX_BYTES = 5;
/** The flag of the frame that holds the trailers. Source: grpc/doc/PROTOCOL-WEB.md. */
const TRAILERS = 0x80;
/** The most that trailers may have, in bytes: beyond what any header list of HTTP may. */
const MAX_TRAILER_BYTES = 256 * 1024;

/** Finds the messages and the trailers in the body of an answer in gRPC-Web. Holds at most one message that is not whole, and one chunk. */
export class WebFrames {
  /** Names in lower case and values in turn, once the last frame has come. */
  trailers: string[] | undefined;
  readonly #maxMessageBytes: number;
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** The messages that are whole, as views. Throws an error where the bytes are no gRPC-Web, or a message is too large. */
  take(): Uint8Array[] {
    const messages: Uint8Array[] = [];
    while (this.trailers === undefined && this.#length >= PREFIX_BYTES) {
      const [flag, length] = this.#prefix();
      if (this.#length < PREFIX_BYTES + length) break;
      const bytes = this.#whole().subarray(PREFIX_BYTES, PREFIX_BYTES + length);
      this.#drop(PREFIX_BYTES + length);
      if (flag === TRAILERS) this.trailers = trailersFromText(bytes.toString('latin1'));
      else messages.push(bytes);
    }
    return messages;
  }

  #prefix(): [flag: number, length: number] {
    const [first = Buffer.alloc(0)] = this.#chunks;
    const head = first.length >= PREFIX_BYTES ? first : this.#whole();
    const flag = head[0] as number;
    const length = head.readUInt32BE(1);
    if (flag !== 0 && flag !== TRAILERS)
      throw new Error(`a frame has the flag ${flag}, and gRPC-Web knows 0 and 128`);
    const limit = flag === TRAILERS ? MAX_TRAILER_BYTES : this.#maxMessageBytes;
    if (length > limit) throw new Error(`a frame has ${length} bytes, the limit is ${limit}`);
    return [flag, length];
  }

  /** Everything in one piece; called when a frame is whole, so that bytes are joined once. */
  #whole(): Buffer {
    const [first, ...others] = this.#chunks;
    const whole = first !== undefined && others.length === 0 ? first : Buffer.concat(this.#chunks);
    this.#chunks = [whole];
    return whole;
  }

  #drop(bytes: number): void {
    this.#chunks = [this.#whole().subarray(bytes)];
    this.#length -= bytes;
  }
}

/** Lines of "name: value". */
function trailersFromText(text: string): string[] {
  return text.split('\r\n').flatMap((line) => {
    const colon = line.indexOf(':');
    return colon < 1 ? [] : [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });
}
