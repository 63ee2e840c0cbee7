import type { Outgoing } from '../../bridge/index.js';
import { scalarField } from '../../codec/index.js';
import { Code, type Metadata, type RpcError, type Status } from '../../status/index.js';
import type { Batch, CallStart, Gap, MessageIds, Outlet } from '../../upstream/index.js';
import { endId, formatSseComment, formatSseEvent, formatSseRetry, idFromCursor } from '../../wire/index.js';
import type { MethodRequest } from '../exchange/index.js';
import { spread } from '../exchange/index.js';
import { startHeartbeat } from '../liveness/index.js';
import {
  canSeal,
  endJson,
  errorJson,
  type Framing,
  passedOn,
  positionHeaders,
  SealedOutlet,
  type SendOptions,
  scratch,
  sendBatch,
} from '../message/index.js';
import type { HttpReply } from './http-reply.js';
import { openTextStream } from './open-text-stream.js';
import { headersFromMetadata, sendError, warnLeftOut } from './reply.js';
import type { ResponseSink } from './response-sink.js';
import { mayComeBack, mustStayOk, retryableEvent, SSE_HEADERS } from './sse-error.js';

const FIRST = Buffer.from(formatSseComment('stream'));
/** All events are written in one way. */
const EVENT = {};
/** The next one is not: news of dropped messages goes before it. */
const ALONE: SendOptions = {};
const HEARTBEAT = Buffer.from(formatSseComment('heartbeat'));

/** A stream of messages as server-sent events. */
export class SseOutgoing implements Outgoing {
  readonly headWaitMs: number;
  readonly flushMs: number;
  readonly #request: MethodRequest;
  readonly #reply: HttpReply;
  #sink: ResponseSink | undefined;
  #start: CallStart | undefined;
  #ids: MessageIds | undefined;
  readonly #framing: Framing;
  readonly #shared: SendOptions;
  #dropped = 0;
  /** Not told yet. */
  #gap: Gap | undefined;
  #heartbeat: ReturnType<typeof startHeartbeat> | undefined;
  #outlet: SealedOutlet | undefined;

  constructor(request: MethodRequest, reply: HttpReply) {
    this.headWaitMs = request.limits.headWaitMs;
    this.flushMs = request.limits.flushMs;
    this.#request = request;
    this.#framing = { frame: EVENT, codec: request.responseCodec, lastId: undefined };
    this.#shared = { framing: this.#framing };
    this.#reply = reply;
  }

  start(start: CallStart): void {
    this.#start = start;
    this.#gap = start.gap;
  }

  head(metadata: Metadata | undefined): undefined {
    this.#sink = openTextStream(this.#request, this.#reply, {
      ...SSE_HEADERS,
      ...positionHeaders(this.#start, this.#request),
      ...headersFromMetadata(this.#reply, metadata),
    });
    void this.#send(FIRST);
    this.#tellGap();
    this.#heartbeat = startHeartbeat(this.#reply.raw, this.#request.limits.heartbeatMs, this);
  }

  sendHeartbeat(): void {
    // While the client does not read, a heartbeat would only add to what it has not read.
    if (this.#sink?.full === false) void this.#sink.write(HEARTBEAT);
  }

  settle(): void {
    this.#outlet?.pending?.settle();
  }

  get outlet(): Outlet | undefined {
    if (this.#outlet === undefined && this.#sink !== undefined && canSeal(this.#sink))
      this.#outlet = new SealedOutlet(this.#framing, this.#sink, this.#heartbeat);
    return this.#dropped > 0 ? undefined : this.#outlet;
  }

  write(batch: Batch): Promise<void> | undefined {
    this.#heartbeat?.beat();
    this.#ids = batch.ids;
    const room =
      this.#sink && sendBatch(batch, this.#sink, this.#encode, this.#dropped > 0 ? ALONE : this.#shared);
    // The batch knows them itself: an idle stream would hold it.
    if (batch.isTaken) this.#ids = undefined;
    return room;
  }

  readonly #encode = (bytes: Buffer, start: number, end: number, index: number): void => {
    const { responseCodec } = this.#request;
    const id = this.#ids === undefined ? this.#cursorId(bytes, start, end) : this.#ids.of(index);
    if (this.#dropped > 0) scratch.text(this.#takeDropped());
    scratch.text(id === undefined ? 'data: ' : `id: ${id}\ndata: `);
    responseCodec.writeJson(bytes, start, end, scratch);
    scratch.text('\n\n');
    this.#framing.lastId = id ?? this.#framing.lastId;
  };

  #cursorId(bytes: Buffer, start: number, end: number): string | undefined {
    const cursor = this.#request.method.resume?.cursor;
    const value = cursor && scalarField(bytes.subarray(start, end), cursor);
    return value === undefined ? undefined : idFromCursor(value);
  }

  gap(gap: Gap): void {
    this.#gap = gap;
    this.#framing.lastId = gap.resumed;
    this.#tellGap();
  }

  dropped(count: number): void {
    this.#dropped += count;
  }

  async end(status: Status, failure?: RpcError): Promise<void> {
    if (this.#sink === undefined) {
      if (status.code !== Code.OK && !mustStayOk(this.#request.http, status)) {
        return sendError(this.#reply, status, this.#request.registry, failure);
      }
      this.head(undefined);
    }
    this.#heartbeat?.stop();
    await this.#sink?.end(this.#takeDropped() + this.#lastEvent(status));
  }

  async drain(): Promise<void> {
    if (this.#sink === undefined) this.head(undefined);
    this.#heartbeat?.stop();
    const retryMs = spread(this.#request.limits.retryMs);
    await this.#sink?.end(
      this.#takeDropped() +
        formatSseRetry(retryMs) +
        formatSseComment('the gateway is shutting down, reconnect'),
    );
  }

  /** At once, with the id to come back with: it may be long until the next message. */
  #tellGap(): void {
    const gap = this.#gap;
    if (gap === undefined || this.#sink === undefined) return;
    this.#gap = undefined;
    void this.#send(
      Buffer.from(formatSseEvent({ event: 'gap', id: gap.resumed, data: JSON.stringify(gap) })),
    );
  }

  /** The event that tells of dropped messages; it leaves with whatever comes next. */
  #takeDropped(): string {
    if (this.#dropped === 0) return '';
    const data = JSON.stringify({ count: this.#dropped });
    this.#dropped = 0;
    return formatSseEvent({ event: 'dropped', data });
  }

  #send(bytes: Uint8Array): Promise<void> | undefined {
    this.#heartbeat?.beat();
    return this.#sink?.write(bytes);
  }

  #lastEvent(status: Status): string {
    const { registry, limits } = this.#request;
    if (status.code === Code.OK) {
      const { pairs, leftOut } = passedOn(status.trailers);
      warnLeftOut(this.#reply, leftOut);
      return formatSseEvent({
        event: 'end',
        id: endId(this.#framing.lastId),
        data: JSON.stringify(endJson(status, pairs, registry)),
      });
    }
    if (mayComeBack(status)) return retryableEvent(status, registry, limits.retryMs);
    const data = JSON.stringify({ ...errorJson(status, registry), truncated: status.truncated });
    return formatSseEvent({ event: 'error', id: endId(this.#framing.lastId), data });
  }
}
