import type { Outgoing } from '../../bridge/index.js';
import { Code, type Metadata, RpcError, type Status } from '../../status/index.js';
import type { Batch } from '../../upstream/index.js';
import type { MethodRequest } from '../exchange/index.js';
import {
  codingFor,
  compressed,
  DRAINING,
  type HttpReply,
  LEAST_COMPRESSED_BYTES,
  sendWhole,
  varyByEncoding,
} from '../http/index.js';
import { encodeBatch, scratch } from '../message/index.js';
import type { ConnectCodec } from './connect-codec.js';
import { sendConnectError } from './connect-error.js';
import { connectHeaders } from './connect-headers.js';

/** One message as a body, and everything else in the head: the answer to a unary call. Nothing is sent before the call has ended. */
export class ConnectUnaryOutgoing implements Outgoing {
  // The head is sent with the body, so there is nothing to wait for.
  readonly headWaitMs = Number.POSITIVE_INFINITY;
  readonly flushMs = 0;
  readonly #request: MethodRequest;
  readonly #reply: HttpReply;
  readonly #codec: ConnectCodec;
  #metadata: Metadata = [];
  #message: Buffer | undefined;

  constructor(request: MethodRequest, reply: HttpReply, codec: ConnectCodec) {
    this.#request = request;
    this.#reply = reply;
    this.#codec = codec;
  }

  /** Also of a call that fails without a message. */
  headers(metadata: Metadata): void {
    this.#metadata = metadata;
  }

  head(): undefined {}

  write(batch: Batch): undefined {
    if (this.#message !== undefined || batch.count > 1) {
      throw new RpcError(
        'UPSTREAM_PROTOCOL_ERROR',
        'the service sent more than one message where one is due',
      );
    }
    this.#message = this.#encode(batch);
  }

  async end(status: Status): Promise<void> {
    const { registry, http, compress } = this.#request;
    if (status.code !== Code.OK) {
      sendConnectError(this.#reply, status, registry, this.#metadata);
      return;
    }
    const message = this.#message;
    if (message === undefined) {
      const error = new RpcError('UPSTREAM_PROTOCOL_ERROR', 'the service ended the call without a message');
      sendConnectError(this.#reply, error.toStatus(), registry, this.#metadata);
      throw error;
    }
    const mayCompress = compress !== 'off' && message.length >= LEAST_COMPRESSED_BYTES;
    const coding = mayCompress ? codingFor(http, this.#reply) : undefined;
    const small = coding && (await compressed(message, coding));
    // The client may have left meanwhile.
    if (this.#reply.raw.destroyed) return;
    // It may be kept by a cache.
    if (http.method !== 'POST') varyByEncoding(this.#reply);
    const headers = {
      ...connectHeaders(this.#reply, this.#metadata, status.trailers),
      ...(small !== undefined && { 'content-encoding': coding }),
    };
    sendWhole(this.#reply, `application/${this.#codec}`, headers, small ?? message);
  }

  async drain(): Promise<void> {
    this.#reply.headers(DRAINING.headers);
    sendConnectError(this.#reply, DRAINING.toStatus(), this.#request.registry);
  }

  #encode(batch: Batch): Buffer {
    if (this.#codec === 'proto') {
      const message = Buffer.from(batch.message(batch.at));
      batch.release();
      return message;
    }
    const { responseCodec } = this.#request;
    const failure = encodeBatch(batch, scratch, (bytes, start, end) =>
      responseCodec.writeJson(bytes, start, end, scratch),
    );
    if (failure !== undefined) throw failure;
    return scratch.take();
  }
}
