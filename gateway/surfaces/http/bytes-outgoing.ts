import { gapError, type Outgoing } from '../../bridge/index.js';
import { bytesField } from '../../codec/index.js';
import type { FileContent } from '../../schema/index.js';
import { Code, type Metadata, type RpcError, type Status } from '../../status/index.js';
import type { Batch, CallStart } from '../../upstream/index.js';
import { contentDisposition } from '../../wire/index.js';
import type { MethodRequest } from '../exchange/index.js';
import { positionHeaders, scratch, sendBatch } from '../message/index.js';
import type { HttpReply } from './http-reply.js';
import { sendDraining } from './json-outgoing.js';
import { openResponse } from './open-response.js';
import { headersFromMetadata, sendError, startStream } from './reply.js';
import type { ResponseSink } from './response-sink.js';

/** The data fields of a stream of messages as one chunked body: a file on its way down. */
export class BytesOutgoing implements Outgoing {
  // Only the first message, or the end, tells a file from a failure.
  readonly headWaitMs = Number.POSITIVE_INFINITY;
  readonly flushMs = 0;
  readonly #request: MethodRequest;
  readonly #reply: HttpReply;
  readonly #content: FileContent;
  #start: CallStart | undefined;
  #metadata: Metadata | undefined;
  #sink: ResponseSink | undefined;

  constructor(request: MethodRequest, reply: HttpReply, content: FileContent) {
    this.#request = request;
    this.#reply = reply;
    this.#content = content;
  }

  /** Throws OUT_OF_RANGE for a file that would not have all that its client asked for. */
  start(start: CallStart): void {
    if (start.gap !== undefined) throw gapError(start.gap);
    this.#start = start;
  }

  head(metadata: Metadata | undefined): undefined {
    this.#metadata = metadata;
  }

  write(batch: Batch): Promise<void> | undefined {
    const sink = this.#sink ?? this.#startWith(batch.message(batch.at));
    return sendBatch(batch, sink, this.#encode);
  }

  readonly #encode = (bytes: Buffer, start: number, end: number): void => {
    const part = bytesField(bytes.subarray(start, end), this.#content.path);
    if (part !== undefined) scratch.bytes(part);
  };

  async end(status: Status, failure?: RpcError): Promise<void> {
    if (this.#sink === undefined) {
      if (status.code !== Code.OK) return sendError(this.#reply, status, this.#request.registry, failure);
      this.#open(undefined);
    }
    if (status.code === Code.OK) await this.#sink?.end();
    else await this.#sink?.break();
  }

  async drain(): Promise<void> {
    if (this.#sink === undefined) sendDraining(this.#reply, this.#request.registry);
    else await this.#sink.break();
  }

  #startWith(first: Uint8Array): ResponseSink {
    // Throws when it is no message: once the head has been sent, that has no HTTP status any more.
    bytesField(first, this.#content.path);
    return this.#open(first);
  }

  #open(first: Uint8Array | undefined): ResponseSink {
    startStream(this.#reply, {
      'content-type': contentType(this.#content, first) ?? 'application/octet-stream',
      'content-disposition': contentDisposition(this.#request.pathValues.at(-1)?.value ?? ''),
      'x-content-type-options': 'nosniff',
      ...positionHeaders(this.#start),
      ...headersFromMetadata(this.#reply, this.#metadata),
    });
    this.#sink = openResponse(this.#reply.raw, this.#request.limits.highWaterBytes);
    return this.#sink;
  }
}

/** A media type and nothing else: it becomes a header, and it comes from the service. */
const MAX_TYPE_LENGTH = 256;
const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+(?:\s*;\s*[\w.+-]+=(?:[\w.+-]+|"[^"\\\r\n]*"))*$/;

/** What a google.api.HttpBody says it is. */
function contentType({ path, mediaType }: FileContent, first: Uint8Array | undefined): string | undefined {
  if (mediaType === undefined || first === undefined) return undefined;
  const type = bytesField(first, [...path.slice(0, -1), mediaType]);
  const text = type === undefined ? '' : Buffer.from(type).toString('latin1');
  return text.length <= MAX_TYPE_LENGTH && MEDIA_TYPE.test(text) ? text : undefined;
}
