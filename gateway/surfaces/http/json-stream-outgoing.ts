import type { Outgoing } from '../../bridge/index.js';
import { Code, type Metadata, type RpcError, type Status } from '../../status/index.js';
import type { Batch, CallStart, Outlet } from '../../upstream/index.js';
import { type MethodRequest, spread } from '../exchange/index.js';
import { startHeartbeat } from '../liveness/index.js';
import {
  canSeal,
  countedHeaders,
  errorJson,
  type Framing,
  SealedOutlet,
  type SendOptions,
  scratch,
  sendBatch,
} from '../message/index.js';
import type { HttpReply } from './http-reply.js';
import { drainingAfter, sendDraining } from './json-outgoing.js';
import { openTextStream } from './open-text-stream.js';
import { headersFromMetadata, sendError } from './reply.js';
import type { ResponseSink } from './response-sink.js';

const ALONE: SendOptions = {};

/** What is written around the JSON of the messages of a stream. */
export interface JsonFrame {
  readonly contentType: string;
  /** Before the first message, at once. */
  readonly open: string;
  /** Before each message. */
  readonly before: string;
  /** Between two messages. */
  readonly between: string;
  /** After each message. */
  readonly after: string;
  /** After the last message of a call that ended with OK. */
  readonly close: string;
  /** What may stand between two messages and means nothing. */
  readonly heartbeat: string;
}

/**
 * A stream of messages as a body of JSON texts, framed by `JsonFrame`. A failure after the head is one more text, `{"error": ...}`, and a
 * transfer that no client takes for a whole one. Source: PROTOCOL.md section 6.
 */
export class JsonStreamOutgoing implements Outgoing {
  readonly headWaitMs: number;
  readonly flushMs: number;
  readonly #request: MethodRequest;
  readonly #reply: HttpReply;
  readonly #frame: JsonFrame;
  #start: CallStart | undefined;
  #sink: ResponseSink | undefined;
  /** What goes before the next message: nothing stands between the first one and the head. */
  #prefix: string;
  readonly #nextPrefix: string;
  readonly #framing: Framing;
  readonly #shared: SendOptions;
  #heartbeat: ReturnType<typeof startHeartbeat> | undefined;
  #outlet: SealedOutlet | undefined;

  constructor(request: MethodRequest, reply: HttpReply, frame: JsonFrame) {
    this.headWaitMs = request.limits.headWaitMs;
    this.flushMs = request.limits.flushMs;
    this.#request = request;
    this.#reply = reply;
    this.#frame = frame;
    this.#framing = { frame, codec: request.responseCodec, lastId: undefined };
    this.#shared = { framing: this.#framing };
    this.#prefix = frame.before;
    this.#nextPrefix = frame.between + frame.before;
  }

  /** A gap there shows in the header: the id is another one than the client has sent. */
  start(start: CallStart): void {
    this.#start = start;
  }

  head(metadata: Metadata | undefined): undefined {
    this.#sink = openTextStream(this.#request, this.#reply, {
      'content-type': this.#frame.contentType,
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      ...countedHeaders(this.#request, this.#start),
      ...headersFromMetadata(this.#reply, metadata),
    });
    void this.#sink.write(Buffer.from(this.#frame.open));
    this.#heartbeat = startHeartbeat(this.#reply.raw, this.#request.limits.heartbeatMs, this);
  }

  sendHeartbeat(): void {
    // While the client does not read, a heartbeat would only add to what it has not read.
    if (this.#sink?.full === false) void this.#sink.write(Buffer.from(this.#frame.heartbeat));
  }

  settle(): void {
    this.#outlet?.pending?.settle();
  }

  get outlet(): Outlet | undefined {
    if (this.#outlet === undefined && this.#sink !== undefined && canSeal(this.#sink))
      this.#outlet = new SealedOutlet(this.#framing, this.#sink, this.#heartbeat);
    return this.#options === this.#shared ? this.#outlet : undefined;
  }

  write(batch: Batch): Promise<void> | undefined {
    this.#heartbeat?.beat();
    return this.#sink && sendBatch(batch, this.#sink, this.#encode, this.#options);
  }

  /** Nothing has been written that the others have not. */
  get #options(): SendOptions {
    return this.#prefix === this.#nextPrefix ? this.#shared : ALONE;
  }

  readonly #encode = (bytes: Buffer, start: number, end: number): void => {
    if (this.#prefix !== '') scratch.text(this.#prefix);
    this.#request.responseCodec.writeJson(bytes, start, end, scratch);
    scratch.text(this.#frame.after);
    this.#prefix = this.#nextPrefix;
  };

  async end(status: Status, failure?: RpcError): Promise<void> {
    if (this.#sink === undefined) {
      if (status.code !== Code.OK) return sendError(this.#reply, status, this.#request.registry, failure);
      this.head(undefined);
    }
    this.#heartbeat?.stop();
    if (status.code === Code.OK) await this.#sink?.end(this.#frame.close);
    else await this.#break(status);
  }

  async drain(): Promise<void> {
    if (this.#sink === undefined) sendDraining(this.#reply, this.#request.registry);
    else await this.#break(drainingAfter(spread(this.#request.limits.retryMs)).toStatus());
  }

  async #break(status: Status): Promise<void> {
    this.#heartbeat?.stop();
    const json = errorJson(status, this.#request.registry);
    const last = JSON.stringify(status.truncated ? { ...json, truncated: true } : json);
    await this.#sink?.break(this.#prefix + last + this.#frame.after);
  }
}
