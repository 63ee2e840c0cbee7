import type { Incoming } from '../../bridge/index.js';
import { ByteWriter } from '../../codec/index.js';
import { giveBackWhole, memory } from '../../memory/index.js';
import { Code, RpcError } from '../../status/index.js';
import type { SendBatch } from '../../upstream/index.js';
import type { MethodRequest, UnfinishedMessage } from '../exchange/index.js';
import { type AddressFields, fieldsBesideBody, messageFromJson, textFromBytes } from '../message/index.js';
import { tooLarge } from './body-refusal.js';
import { openBody, type RequestBody } from './request-body.js';

const LF = 0x0a;
const CR = 0x0d;
const NOTHING: Buffer = Buffer.alloc(0);

/** Messages in one batch: a chunk of 64 KiB can hold twenty thousand empty ones, each of which costs more than its text. */
const MAX_BATCH = 512;

/** The messages of an NDJSON body: the whole lines that have arrived are one batch. */
export class NdjsonIncoming implements Incoming {
  readonly #request: MethodRequest;
  readonly #address: AddressFields;
  readonly #body: RequestBody;
  readonly #unfinished: UnfinishedMessage;
  /** What has been read and not been taken apart. */
  #chunk = NOTHING;
  /** What it lies in, as it was read. */
  #whole = NOTHING;
  /** What it counts in `memory`. */
  #counted = 0;
  /** What follows the last line break, at most `maxMessageBytes` of it. */
  readonly #rest = new ByteWriter(0);
  #line = 0;
  #ended = false;
  #closed = false;
  #failure: RpcError | undefined;

  /** `unfinished`: where a line counts until it is whole. */
  constructor(request: MethodRequest, unfinished: UnfinishedMessage) {
    this.#request = request;
    this.#unfinished = unfinished;
    // Before the body is touched: a bad query must not cost the client its connection.
    this.#address = fieldsBesideBody(request);
    this.#body = openBody(request, { aheadBytes: 0 });
  }

  async read(): Promise<SendBatch | undefined> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      if (this.#chunk.length === 0) {
        if (this.#ended) return undefined;
        const chunk = await this.#body.read(this.#rest.length > 0);
        if (this.#closed) return undefined;
        this.#ended ||= chunk === undefined;
        this.#begin(chunk ?? NOTHING);
      }
      const batch: Uint8Array[] = [];
      try {
        this.#takeAll(batch);
        // The end of the body ends a line as well.
        if (this.#ended && this.#chunk.length === 0) this.#takeLine(batch, NOTHING);
      } catch (reason) {
        // The messages before the bad line were sent in good faith and go first.
        this.#failure = RpcError.from(reason);
      }
      this.#unfinished.holds(this.#rest.length);
      this.#shrink();
      if (batch.length > 0) return batch;
    }
  }

  close(): void {
    this.#closed = true;
    this.#ended = true;
    this.#chunk = NOTHING;
    this.#shrink();
    this.#rest.take();
    this.#unfinished.holds(0);
    this.#body.close();
  }

  /** What has not been taken apart may wait for long: a small part of what was read would keep all of it. */
  #shrink(): void {
    const { length } = this.#chunk;
    if (length === 0) this.#begin(NOTHING);
    else if (2 * length < this.#whole.length && memory.isCrowded) this.#begin(Buffer.from(this.#chunk));
    const counted = this.#whole.length;
    memory.ordinaryBytes += counted - this.#counted;
    this.#counted = counted;
  }

  /** Nobody looks at what was there before: of lines their texts were taken. */
  #begin(chunk: Buffer): void {
    const before = this.#whole;
    this.#chunk = chunk;
    this.#whole = chunk;
    if (memory.isCrowded) giveBackWhole(before);
  }

  /** Takes whole lines of all that is here. */
  #takeAll(batch: Uint8Array[]): void {
    this.#takeLines(batch);
    while (batch.length < MAX_BATCH && !this.#ended && this.#chunk.length === 0) {
      // Where many clients stall it waits where it is.
      if (batch.length > 0 && memory.isCrowded) return;
      const more = this.#body.take();
      if (more === undefined) return;
      this.#begin(more);
      this.#takeLines(batch);
    }
  }

  /** Takes whole lines off the chunk, and what is left of it when there are no more. */
  #takeLines(batch: Uint8Array[]): void {
    while (batch.length < MAX_BATCH) {
      const end = this.#chunk.indexOf(LF);
      if (end === -1) {
        this.#assertFits(this.#chunk.length);
        if (this.#chunk.length > 0) this.#rest.bytes(this.#chunk);
        this.#chunk = NOTHING;
        return;
      }
      const line = this.#chunk.subarray(0, end);
      this.#chunk = this.#chunk.subarray(end + 1);
      this.#takeLine(batch, line);
    }
  }

  /** A line is complete: what was left from before, and `end`. */
  #takeLine(batch: Uint8Array[], end: Buffer): void {
    this.#line += 1;
    this.#body.messageEnded();
    this.#assertFits(end.length);
    let whole = end;
    if (this.#rest.length > 0) {
      this.#rest.bytes(end);
      whole = this.#rest.take();
    }
    const line = whole[whole.length - 1] === CR ? whole.subarray(0, -1) : whole;
    if (line.length === 0) return;
    try {
      const text = textFromBytes(line);
      if (text.trim() !== '') batch.push(messageFromJson(this.#request, text, this.#address));
    } catch (reason) {
      const error = RpcError.from(reason);
      if (error.code !== Code.INVALID_ARGUMENT) throw error;
      throw new RpcError(error.reason, `line ${this.#line}: ${error.message}`, { cause: reason });
    }
  }

  #assertFits(more: number): void {
    const { maxMessageBytes } = this.#request.limits;
    if (this.#rest.length + more > maxMessageBytes) throw tooLarge(maxMessageBytes);
  }
}
