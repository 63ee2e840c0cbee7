import type { Incoming } from '../../bridge/index.js';
import { bytesFieldHead, encodeBytesField } from '../../codec/index.js';
import { memory } from '../../memory/index.js';
import { assertNoRival, type FileContent, jsonBesideBody, requestJson } from '../../schema/index.js';
import type { SendBatch } from '../../upstream/index.js';
import type { MethodRequest, UploadLimit } from '../exchange/index.js';
import { messageFromAddress, RESERVED_PARAMETERS } from '../message/index.js';
import { QUEUE_BYTES } from './body-queue.js';
import { openBody, type RequestBody } from './request-body.js';
import type { WholeBody } from './whole-body.js';

/** Data in one message of an upload; what services are commonly tuned for. */
const CHUNK_BYTES = 64 * 1024;
/** Data that is handed on at once, and leaves in one write. */
const BATCH_BYTES = 2 * CHUNK_BYTES;
const NOTHING = Buffer.alloc(0);

/** What stands in front of the data, encoded: in each message on the way to it, the request itself first. */
type Before = readonly Uint8Array[];
const NONE: Before = [];

/** The fields around the data, from path, query and content type: they go into the first message. */
function firstFields(request: MethodRequest, { path, mediaType }: FileContent): Before {
  const { method, binding, pathValues, query, http } = request;
  const options = { reserved: RESERVED_PARAMETERS };
  const type = mediaType === undefined ? undefined : http.headers['content-type'];
  const json =
    typeof binding?.body === 'object'
      ? jsonBesideBody(method.input, binding.body, pathValues, query, options)
      : requestJson(method.input, pathValues, query, options);
  // A stream has them in a message of their own.
  if (!method.requestStream) assertNoRival(binding?.body, json);
  const around = messageFromAddress(request, json);
  if (mediaType === undefined || type === undefined) return [around];
  const said = encodeBytesField([mediaType], Buffer.from(type), []);
  // In the same message as the data, which has one of each: not every service joins the parts of a message.
  return path.length === 1 ? [Buffer.concat([around, said])] : [around, said];
}

/** From here on data is passed on as it came: below, a copy costs less than a further piece. */
const PIECE_BYTES = 8 * 1024;

/** Whether to pass them on without a copy. Not what keeps much more memory than its own from being given back while it waits for the service. */
function areWorthPassing(pieces: readonly Buffer[]): boolean {
  for (const data of pieces)
    if (data.length < PIECE_BYTES || data.buffer.byteLength > 2 * data.length) return false;
  return true;
}

/** A request body as the data field of messages: a file on its way up. */
export class BytesIncoming implements Incoming {
  readonly #content: FileContent;
  readonly #body: RequestBody;
  readonly #limit: UploadLimit;
  #first: Before;
  #begun = false;
  #over = false;
  #head: Uint8Array = NOTHING;
  /** How long the data is that it stands in front of. */
  #headFor = -1;
  /** Received since the last whole `CHUNK_BYTES`: what must become one within the time of a message. */
  #pending = 0;

  constructor(request: MethodRequest, content: FileContent, limit: UploadLimit) {
    this.#content = content;
    this.#limit = limit;
    // Before the body is touched: a bad query must not cost the client its connection.
    this.#first = firstFields(request, content);
    this.#body = openBody(request, { aheadBytes: QUEUE_BYTES });
  }

  read(): Promise<SendBatch | undefined> | SendBatch {
    // What is here needs no promise.
    const piece = this.#begun && !this.#over ? this.#body.take() : undefined;
    return piece === undefined ? this.#next() : this.#batch(piece);
  }

  async #next(): Promise<SendBatch | undefined> {
    if (this.#over) return undefined;
    const { path } = this.#content;
    const [around = NOTHING, ...inner] = this.#first;
    if (!this.#begun && path[0]?.oneof !== undefined && around.length > 0) {
      // The data would overwrite, or be overwritten by, what came with it.
      this.#first = [NOTHING, ...inner];
      this.#begun = inner.length === 0;
      return [around];
    }
    const piece = await this.#body.read(this.#pending > 0);
    if (piece !== undefined) return this.#batch(piece);
    this.#over = true;
    return this.#begun ? undefined : [this.#message([], 0)];
  }

  close(): void {
    this.#over = true;
    this.#body.close();
  }

  /** What has arrived, up to `BATCH_BYTES`, in messages of at most `CHUNK_BYTES`; where many clients stall a single piece. */
  #batch(first: Buffer): SendBatch {
    const batch: SendBatch[number][] = [];
    let pieces: Buffer[] = [];
    let bytes = 0;
    let total = 0;
    for (let piece: Buffer | undefined = first; piece !== undefined; ) {
      this.#received(piece.length);
      total += piece.length;
      if (bytes > 0 && bytes + piece.length > CHUNK_BYTES) {
        batch.push(this.#message(pieces, bytes));
        pieces = [];
        bytes = 0;
      }
      pieces.push(piece);
      bytes += piece.length;
      piece = total <= BATCH_BYTES - CHUNK_BYTES && !memory.isCrowded ? this.#body.take() : undefined;
    }
    batch.push(this.#message(pieces, bytes));
    return batch;
  }

  #message(pieces: readonly Buffer[], bytes: number): SendBatch[number] {
    const before = this.#begun ? NONE : this.#first;
    this.#begun = true;
    const only = pieces.length === 1 ? pieces[0] : undefined;
    if (bytes > 0 && areWorthPassing(pieces)) {
      const head = this.#headOf(bytes, before);
      return only === undefined ? [head, ...pieces] : [head, only];
    }
    const data = only ?? Buffer.concat(pieces, bytes);
    return encodeBytesField(this.#content.path, data, before);
  }

  /** What stands in front of the data: encoded once for messages of one length, and never written to. */
  #headOf(bytes: number, before: Before): Uint8Array {
    const { path } = this.#content;
    if (before.length > 0) return bytesFieldHead(path, bytes, before);
    if (this.#headFor !== bytes) {
      this.#head = bytesFieldHead(path, bytes, before);
      this.#headFor = bytes;
    }
    return this.#head;
  }

  /** A client that trickles must bring a message's worth of data in a message's time. */
  #received(bytes: number): void {
    this.#limit.add(bytes);
    this.#pending += bytes;
    if (this.#pending < CHUNK_BYTES) return;
    this.#pending %= CHUNK_BYTES;
    this.#body.messageEnded();
  }
}

/** The one message of a unary method whose `bytes` field is the whole request body. */
export async function messageFromBytes(
  request: MethodRequest,
  content: FileContent,
  whole: WholeBody,
): Promise<Uint8Array> {
  const first = firstFields(request, content);
  const body = openBody(request);
  try {
    const data = await body.readAll(whole);
    whole.upload.add(data.length);
    return encodeBytesField(content.path, data, first);
  } finally {
    body.close();
  }
}
