import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Bell } from '../../async/index.js';
import type { ByteWriter } from '../../codec/index.js';
import type { ResponseSink } from './response-sink.js';
import type { StreamEncoder } from './stream-encoder.js';

/**
 * A body that is encoded on its way to another sink. Each write leaves decodable and at once, and the next one is taken when the sink has room: the encoder
 * never works ahead of a client that does not read. A response that breaks has no end of its encoding either. Closes the encoder when the
 * response closes.
 */
export class CompressedBody implements ResponseSink {
  readonly #sink: ResponseSink;
  readonly #encoder: StreamEncoder;
  /** Rings when a write has been encoded, or never will be. */
  readonly #encoded = new Bell();
  /** Writes that are being encoded. */
  #writes = 0;
  #isEnding = false;
  #isOver = false;
  /** What the sink said about the last piece. */
  #room: Promise<void> | undefined;

  constructor(sink: ResponseSink, encoder: StreamEncoder, response: ServerResponse) {
    this.#sink = sink;
    this.#encoder = encoder;
    encoder.transform.on('readable', this.#pass);
    encoder.transform.on('end', () => this.#encoded.ring());
    // Nothing but a lack of memory: the response has no end then, and breaks.
    encoder.transform.on('error', () => {
      this.#leave();
      void sink.break();
    });
    if (response.destroyed) this.#leave();
    else response.once('close', this.#leave);
  }

  get closed(): boolean {
    return this.#isEnding || this.#isOver || this.#sink.closed;
  }

  get full(): boolean {
    return this.#writes > 0 || this.#sink.full;
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    return this.closed || bytes.length === 0 ? undefined : this.#encode(bytes);
  }

  /** Nothing goes in front of what will be encoded. */
  begin(): void {}

  send(out: ByteWriter): Promise<void> | undefined {
    if (this.closed || out.length === 0) {
      out.clear();
      return undefined;
    }
    // A copy: the encoder looks at it in another thread, while others write.
    return this.#encode(out.take());
  }

  async end(bytes: Uint8Array | string = '', trailers?: OutgoingHttpHeaders): Promise<void> {
    if (this.closed) return;
    this.#isEnding = true;
    const { transform } = this.#encoder;
    this.#writes += 1;
    transform.end(bytes);
    while (!transform.readableEnded && !this.#isOver) await this.#encoded.wait();
    await this.#sink.end(undefined, trailers);
  }

  async break(bytes: Uint8Array | string = ''): Promise<void> {
    if (this.closed) return;
    this.#isEnding = true;
    if (bytes.length > 0) await this.#encode(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
    await this.#sink.break();
  }

  async #encode(bytes: Uint8Array): Promise<void> {
    this.#writes += 1;
    let isEncoded = false;
    this.#encoder.transform.write(bytes, () => {
      isEncoded = true;
      this.#writes -= 1;
      this.#pass();
      this.#encoded.ring();
    });
    while (!isEncoded && !this.#isOver) await this.#encoded.wait();
    await this.#room;
  }

  /** What has been encoded goes to the sink, which keeps no more of it than of one write. */
  readonly #pass = (): void => {
    const { transform } = this.#encoder;
    for (;;) {
      const piece = transform.read() as Buffer | null;
      if (piece === null) return;
      this.#room = this.#sink.write(piece);
    }
  };

  readonly #leave = (): void => {
    this.#isOver = true;
    this.#encoder.close();
    this.#encoded.ring();
  };
}
