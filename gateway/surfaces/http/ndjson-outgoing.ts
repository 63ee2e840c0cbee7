import type { FastifyReply } from 'fastify';
import type { Outgoing } from '../../bridge/index.js';
import { Code, type Metadata, type RpcError, type Status } from '../../status/index.js';
import type { Batch } from '../../upstream/index.js';
import type { MethodRequest } from '../exchange/index.js';
import { startHeartbeat } from '../liveness/index.js';
import { encodeBatch, errorJson, scratch } from '../message/index.js';
import { DRAINING, sendDraining } from './json-outgoing.js';
import { headersFromMetadata, sendError, startStream } from './reply.js';
import { ResponseSink } from './response-sink.js';

/** What stands around the messages. */
interface Frame {
  readonly contentType: string;
  readonly open: string;
  readonly between: string;
  readonly after: string;
  readonly close: string;
}

const NDJSON: Frame = {
  contentType: 'application/x-ndjson; charset=utf-8',
  open: '',
  between: '',
  after: '\n',
  close: '',
};
const ARRAY: Frame = {
  contentType: 'application/json; charset=utf-8',
  open: '[',
  between: ',',
  after: '\n',
  close: ']\n',
};

/** A blank line: whitespace between two values is nothing to a reader of either. */
const HEARTBEAT = Buffer.from('\n');

/** A stream of messages as NDJSON or as one JSON array. */
export class NdjsonOutgoing implements Outgoing {
  readonly headWaitMs: number;
  readonly flushMs: number;
  readonly #request: MethodRequest;
  readonly #reply: FastifyReply;
  readonly #frame: Frame;
  #sink: ResponseSink | undefined;
  #begun = false;
  #heartbeat: ReturnType<typeof startHeartbeat> | undefined;

  constructor(request: MethodRequest, reply: FastifyReply, form: 'ndjson' | 'array') {
    this.headWaitMs = request.limits.headWaitMs;
    this.flushMs = request.limits.flushMs;
    this.#request = request;
    this.#reply = reply;
    this.#frame = form === 'ndjson' ? NDJSON : ARRAY;
  }

  head(metadata: Metadata | undefined): undefined {
    startStream(this.#reply, {
      'content-type': this.#frame.contentType,
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      ...headersFromMetadata(this.#reply, metadata),
    });
    this.#sink = new ResponseSink(this.#reply.raw);
    void this.#sink.write(Buffer.from(this.#frame.open));
    this.#heartbeat = startHeartbeat(this.#reply.raw, this.#request.limits.heartbeatMs, () => {
      // While the client does not read, a heartbeat would only add to what it has not read.
      if (this.#sink?.full === false) void this.#sink.write(HEARTBEAT);
    });
  }

  write(batch: Batch): Promise<void> | undefined {
    this.#sink?.begin(scratch);
    const failure = encodeBatch(batch, scratch, (message) => {
      if (this.#begun) scratch.text(this.#frame.between);
      this.#request.responseCodec.writeJson(message, scratch);
      scratch.text(this.#frame.after);
      this.#begun = true;
    });
    this.#heartbeat?.beat();
    const room = this.#sink?.send(scratch);
    if (failure !== undefined) throw failure;
    return room;
  }

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
    else await this.#break(DRAINING.toStatus());
  }

  async #break(status: Status): Promise<void> {
    this.#heartbeat?.stop();
    const json = errorJson(status, this.#request.registry);
    const last = JSON.stringify(status.truncated ? { ...json, truncated: true } : json);
    await this.#sink?.break((this.#begun ? this.#frame.between : '') + last + this.#frame.after);
  }
}
