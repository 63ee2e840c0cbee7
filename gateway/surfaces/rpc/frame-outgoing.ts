import { MAX_TIMER_MS } from '../../async/index.js';
import type { Outgoing } from '../../bridge/index.js';
import type { Metadata, RpcError, Status } from '../../status/index.js';
import type { Batch, CallStart, Outlet } from '../../upstream/index.js';
import type { MethodRequest } from '../exchange/index.js';
import { DRAINING, type HttpReply } from '../http/index.js';
import {
  canSeal,
  countedHeaders,
  type EncodeMessage,
  type Framing,
  SealedOutlet,
  type SendOptions,
  scratch,
  sendBatch,
} from '../message/index.js';
import type { AnswerForm, FrameBody } from './answer-form.js';
import { takeFrames, writeFrame, writeFrameOf } from './take-frames.js';

const JSON_FRAME = {};
const BYTES_FRAME = {};

/**
 * The messages of a call as frames of a body: of gRPC, gRPC-Web, and streams of Connect, which differ in their `AnswerForm`. As bytes they are what the
 * service has sent; nothing looks into them.
 */
export class FrameOutgoing implements Outgoing {
  readonly headWaitMs: number;
  readonly flushMs: number;
  readonly #request: MethodRequest;
  readonly #reply: HttpReply;
  readonly #form: AnswerForm;
  readonly #encode: EncodeMessage;
  readonly #framing: Framing;
  readonly #options: SendOptions;
  #outlet: SealedOutlet | undefined;
  #metadata: Metadata | undefined;
  #begins: CallStart | undefined;
  #sink: FrameBody | undefined;

  /** `isJson`: messages are JSON in their frames, otherwise protobuf. */
  constructor(request: MethodRequest, reply: HttpReply, form: AnswerForm, isJson: boolean) {
    const { method, limits } = request;
    // The head is that of the service: it waits for the service's own, or, where one message is due, for that. Nothing else makes it go.
    this.headWaitMs = method.responseStream ? MAX_TIMER_MS : Number.POSITIVE_INFINITY;
    this.flushMs = method.responseStream ? limits.flushMs : 0;
    this.#request = request;
    this.#reply = reply;
    this.#form = form;
    const framing: Framing = {
      frame: isJson ? JSON_FRAME : BYTES_FRAME,
      codec: request.responseCodec,
      lastId: undefined,
    };
    this.#framing = framing;
    this.#options = isJson ? { framing } : { framing, take: takeFrames };
    this.#encode = isJson ? this.#encodeJson : this.#encodeBytes;
  }

  /** A gap there shows in the header: the id is another one than the client has sent. */
  start(start: CallStart): void {
    this.#begins = start;
  }

  headers(metadata: Metadata): void {
    this.#metadata = metadata;
  }

  head(metadata: Metadata | undefined): undefined {
    this.#start(metadata);
  }

  write(batch: Batch): Promise<void> | undefined {
    const sink = this.#sink ?? this.#start(undefined);
    return sendBatch(batch, sink, this.#encode, this.#options);
  }

  get outlet(): Outlet | undefined {
    if (this.#outlet === undefined && this.#sink !== undefined && canSeal(this.#sink))
      this.#outlet = new SealedOutlet(this.#framing, this.#sink);
    return this.#outlet;
  }

  async end(status: Status, failure?: RpcError): Promise<void> {
    // Metadata that nothing followed has its place before the status.
    if (this.#sink === undefined && this.#metadata === undefined) {
      await this.#form.sendStatus(this.#request, this.#reply, status, failure);
      return;
    }
    const sink = this.#sink ?? this.#start(undefined);
    await this.#form.end(this.#request, this.#reply, sink, status);
  }

  async drain(): Promise<void> {
    await this.end(DRAINING.toStatus(), DRAINING);
  }

  #start(metadata: Metadata | undefined): FrameBody {
    const own = countedHeaders(this.#request, this.#begins);
    this.#sink = this.#form.start(this.#request, this.#reply, metadata ?? this.#metadata ?? [], own);
    return this.#sink;
  }

  readonly #encodeBytes: EncodeMessage = (bytes, start, end) => writeFrame(bytes, start, end, scratch);

  readonly #encodeJson: EncodeMessage = (bytes, start, end) =>
    writeFrameOf(() => this.#request.responseCodec.writeJson(bytes, start, end, scratch), scratch);
}
