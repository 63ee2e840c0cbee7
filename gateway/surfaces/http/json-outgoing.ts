import type { Registry } from '@bufbuild/protobuf';
import type { Outgoing } from '../../bridge/index.js';
import { Code, type Metadata, RpcError, type Status } from '../../status/index.js';
import type { Batch, CallStart } from '../../upstream/index.js';
import type { MethodRequest } from '../exchange/index.js';
import { encodeBatch, positionHeaders, scratch } from '../message/index.js';
import type { HttpReply } from './http-reply.js';
import { headersFromMetadata, sendError, sendSmaller } from './reply.js';

/** One message as a JSON body: unary calls and client streams. Nothing is sent before the call has ended. */
export class JsonOutgoing implements Outgoing {
  // The head is sent with the body, so there is nothing to wait for.
  readonly headWaitMs = Number.POSITIVE_INFINITY;
  readonly flushMs = 0;
  readonly #request: MethodRequest;
  readonly #reply: HttpReply;
  #metadata: Metadata | undefined;
  #json: Buffer | undefined;
  #start: CallStart | undefined;

  constructor(request: MethodRequest, reply: HttpReply) {
    this.#request = request;
    this.#reply = reply;
  }

  /** One message has no place to go on from: of its beginning only the address of the call is told. */
  start({ location }: CallStart): void {
    if (location !== undefined) this.#start = { lastEventId: undefined, location };
  }

  head(metadata: Metadata | undefined): undefined {
    this.#metadata = metadata;
  }

  write(batch: Batch): undefined {
    if (this.#json !== undefined || batch.count > 1) {
      throw new RpcError(
        'UPSTREAM_PROTOCOL_ERROR',
        'the service sent more than one message where one is due',
      );
    }
    // Here and not at the end: what is no message must still be able to fail the call.
    this.#json = this.#encode(batch);
  }

  async end(status: Status, failure?: RpcError): Promise<void> {
    if (status.code !== Code.OK) return sendError(this.#reply, status, this.#request.registry, failure);
    if (this.#json === undefined) {
      const error = new RpcError('UPSTREAM_PROTOCOL_ERROR', 'the service ended the call without a message');
      sendError(this.#reply, error.toStatus(), this.#request.registry);
      throw error;
    }
    const metadata = headersFromMetadata(this.#reply, this.#metadata, status.trailers);
    const headers =
      this.#start === undefined ? metadata : { ...positionHeaders(this.#start, this.#request), ...metadata };
    await sendSmaller(this.#request, this.#reply, 'application/json; charset=utf-8', headers, this.#json);
  }

  async drain(): Promise<void> {
    sendDraining(this.#reply, this.#request.registry);
  }

  #encode(batch: Batch): Buffer {
    const { responseCodec } = this.#request;
    const failure = encodeBatch(batch, scratch, (bytes, start, end) =>
      responseCodec.writeJson(bytes, start, end, scratch),
    );
    if (failure !== undefined) throw failure;
    return scratch.take();
  }
}

/** What clients of a draining gateway are told. */
export const DRAINING = new RpcError('DRAINING', 'the gateway is shutting down, send the request again', {
  headers: { 'retry-after': '1' },
});

/** The same for one whose stream ends in the middle: it comes back after a time of its own, in milliseconds. */
export function drainingAfter(retryAfterMs: number): RpcError {
  return new RpcError('DRAINING', DRAINING.message, { retryAfterMs });
}

/** Sends that, while the head has not been sent. */
export function sendDraining(reply: HttpReply, registry: Registry): void {
  reply.headers(DRAINING.headers);
  sendError(reply, DRAINING.toStatus(), registry);
}
