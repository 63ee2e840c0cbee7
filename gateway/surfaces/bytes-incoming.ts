import type { DescField } from '@bufbuild/protobuf';
import type { Incoming } from '../bridge/index.js';
import { bytesFieldHead, encodeBytesField } from '../codec/index.js';
import { requestJson } from '../schema/index.js';
import type { SendBatch } from '../upstream/index.js';
import { BodyReader, type WholeBody } from './body-reader.js';
import { RESERVED_PARAMETERS } from './request-message.js';
import type { Target } from './target.js';

/** Data in one message of an upload; what services are commonly tuned for. */
const CHUNK_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/** The fields around the data, from path, query and content type: they go into the first message. */
function firstFields(target: Target): Uint8Array {
  const { method, pathValues, query, request, requestCodec } = target;
  const json = requestJson(method.input, pathValues, query, { reserved: RESERVED_PARAMETERS });
  const type = request.headers['content-type'];
  if (method.input.typeName === 'google.api.HttpBody' && type !== undefined) json.contentType = type;
  return requestCodec.fromJson(JSON.stringify(json));
}

/** From here on data is passed on as it came: below, a copy costs less than a further piece. */
const PIECE_BYTES = 8 * 1024;

/** Whether to pass it on without a copy. Not what keeps much more memory than its own from being given back while it waits for the service. */
function isWorthPassing(data: Buffer): boolean {
  return data.length >= PIECE_BYTES && data.buffer.byteLength <= 2 * data.length;
}

/** A request body as the data field of messages: a file on its way up. */
export class BytesIncoming implements Incoming {
  readonly #field: DescField;
  readonly #body: BodyReader;
  readonly #first: Uint8Array;
  #begun = false;
  #over = false;
  #left: Buffer = NOTHING;
  /** Received since the last whole `CHUNK_BYTES`: what must become one within the time of a message. */
  #pending = 0;

  constructor(target: Target, field: DescField) {
    this.#field = field;
    // Before the body is touched: a bad query must not cost the client its connection.
    this.#first = firstFields(target);
    this.#body = new BodyReader(target.request, target.limits);
  }

  async read(): Promise<SendBatch | undefined> {
    if (this.#over) return undefined;
    if (!this.#begun && this.#field.oneof !== undefined && this.#first.length > 0) {
      // The data would overwrite, or be overwritten by, what came with it.
      this.#begun = true;
      return [this.#first];
    }
    const chunk = this.#left.length > 0 ? this.#left : await this.#receive();
    if (chunk === undefined) {
      this.#over = true;
      if (this.#begun) return undefined;
    }
    const data = (chunk ?? NOTHING).subarray(0, CHUNK_BYTES);
    this.#left = (chunk ?? NOTHING).subarray(data.length);
    const rest = this.#begun ? NOTHING : this.#first;
    this.#begun = true;
    return isWorthPassing(data)
      ? [[bytesFieldHead(this.#field, data.length, rest), data]]
      : [encodeBytesField(this.#field, data, rest)];
  }

  /** A client that trickles must bring a message's worth of data in a message's time. */
  async #receive(): Promise<Buffer | undefined> {
    const chunk = await this.#body.read(this.#pending > 0);
    this.#pending += chunk?.length ?? 0;
    if (this.#pending >= CHUNK_BYTES) {
      this.#pending %= CHUNK_BYTES;
      this.#body.messageEnded();
    }
    return chunk;
  }

  close(): void {
    this.#over = true;
    this.#left = NOTHING;
    this.#body.close();
  }
}

/** The one message of a unary method whose `bytes` field is the whole request body. */
export async function messageFromBytes(
  target: Target,
  field: DescField,
  whole: WholeBody,
): Promise<Uint8Array> {
  const first = firstFields(target);
  const body = new BodyReader(target.request, target.limits);
  try {
    const data = await body.readAll(whole);
    return encodeBytesField(field, data, first);
  } finally {
    body.close();
  }
}
