import type { Incoming } from '../bridge/index.js';
import { ByteWriter } from '../codec/index.js';
import { Code, RpcError } from '../status/index.js';
import type { Batch } from '../upstream/index.js';
import { BodyReader, tooLarge } from './body-reader.js';
import { messageFromJson, textFromBytes } from './request-message.js';
import type { Target } from './target.js';

const LF = 0x0a;
const CR = 0x0d;
const NOTHING = Buffer.alloc(0);

/** The messages of an NDJSON body: every whole line that has arrived is one batch. */
export class NdjsonIncoming implements Incoming {
  readonly #target: Target;
  readonly #body: BodyReader;
  /** What follows the last line break, at most `maxMessageBytes` of it. */
  readonly #rest = new ByteWriter(0);
  #line = 0;
  #ended = false;
  #failure: RpcError | undefined;

  constructor(target: Target) {
    this.#target = target;
    this.#body = new BodyReader(target.request);
  }

  async read(): Promise<Batch | undefined> {
    while (!this.#ended) {
      if (this.#failure) throw this.#failure;
      const chunk = await this.#body.read();
      const batch: Uint8Array[] = [];
      try {
        if (chunk === undefined) {
          this.#ended = true;
          this.#take(batch, NOTHING);
        } else {
          this.#split(batch, chunk);
        }
      } catch (reason) {
        // The messages before the bad line were sent in good faith and go first.
        this.#failure = RpcError.from(reason);
        if (batch.length === 0) throw this.#failure;
        this.#ended = false;
      }
      if (batch.length > 0) return batch;
    }
    return undefined;
  }

  close(): void {
    this.#ended = true;
    this.#rest.take();
    this.#body.close();
  }

  #split(batch: Uint8Array[], chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      this.#take(batch, chunk.subarray(start, end));
      start = end + 1;
    }
    if (start === chunk.length) return;
    this.#assertFits(chunk.length - start);
    this.#rest.bytes(chunk.subarray(start));
  }

  /** A line is complete: what was left from before, and `end`. */
  #take(batch: Uint8Array[], end: Buffer): void {
    this.#line += 1;
    this.#assertFits(end.length);
    let whole = end;
    if (this.#rest.length > 0) {
      this.#rest.bytes(end);
      whole = this.#rest.take();
    }
    const line = whole.at(-1) === CR ? whole.subarray(0, -1) : whole;
    if (line.length === 0) return;
    try {
      const text = textFromBytes(line);
      if (text.trim() !== '') batch.push(messageFromJson(this.#target, text));
    } catch (reason) {
      const error = RpcError.from(reason);
      if (error.code !== Code.INVALID_ARGUMENT) throw error;
      throw new RpcError(error.code, `line ${this.#line}: ${error.message}`, { cause: reason });
    }
  }

  #assertFits(more: number): void {
    const { maxMessageBytes } = this.#target.limits;
    if (this.#rest.length + more > maxMessageBytes) throw tooLarge(maxMessageBytes);
  }
}
