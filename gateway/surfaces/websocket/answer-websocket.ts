import type { FastifyBaseLogger, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import type { Incoming, Outgoing } from '../../bridge/index.js';
import type { CallToken, ResumePoint } from '../../recording/index.js';
import type { Principal, RequestSource } from '../../security/index.js';
import { ENDED, type Metadata } from '../../status/index.js';
import {
  boundFirstMessage,
  boundUpload,
  type ExchangeContext,
  type ExchangeHandle,
  type ExchangePlan,
  type Expiry,
  type MethodRequest,
  runExchange,
  type Surface,
} from '../exchange/index.js';
import { type AddressFields, hasSeenEnd, type RequestWish, recordingWish } from '../message/index.js';
import { boundSocketMessages, ClientSocket } from '../socket/index.js';
import { WebSocketIncoming } from './websocket-incoming.js';
import { WebSocketOutgoing } from './websocket-outgoing.js';

/** What a WebSocket's address and headers say, checked before the upgrade while a failure can still be a plain HTTP error. */
export interface WebSocketCall {
  readonly metadata: Metadata;
  /** By what of it the service knows who calls. */
  readonly token?: CallToken | undefined;
  readonly deadline: number | undefined;
  /** The fields in the address, encoded. */
  readonly bound: AddressFields;
  readonly source: RequestSource;
  /** Where the client wants its stream to go on. */
  readonly resume: ResumePoint | undefined;
  readonly principal: Principal;
}

/**
 * Any call over a plain WebSocket. Must run in the tick of the upgrade, and of the check that its client may have one more exchange.
 */
export function answerWebSocket(
  request: MethodRequest,
  socket: WebSocket,
  { id, log }: Pick<FastifyRequest, 'id' | 'log'>,
  call: WebSocketCall,
  context: ExchangeContext & { readonly surfaces: { readonly websocket: Surface } },
): void {
  const client = new ClientSocket(socket, request.http.socket, {
    heartbeatMs: request.limits.heartbeatMs,
    pace: request.pace,
    isShared: false,
  });
  if (hasSeenEnd(request)) {
    void new WebSocketOutgoing(request, client, () => false).end(ENDED);
    return;
  }
  const exchange = new WebSocketExchange(request, socket, client, call, id, log, context);
  runExchange(exchange, context).catch((reason) => {
    // The check of places was in this tick, so only a defect comes here.
    log.error({ requestId: id, err: reason }, 'websocket failed');
    client.cut();
  });
}

class WebSocketExchange implements ExchangePlan {
  readonly surface: Surface;
  readonly request: MethodRequest;
  readonly peer: ClientSocket;
  readonly requestId: string;
  readonly log: FastifyBaseLogger;
  readonly #socket: WebSocket;
  readonly #call: WebSocketCall;
  readonly #context: ExchangeContext;
  #isBinary: () => boolean = () => false;
  #outgoing: WebSocketOutgoing | undefined;

  constructor(
    request: MethodRequest,
    socket: WebSocket,
    peer: ClientSocket,
    call: WebSocketCall,
    requestId: string,
    log: FastifyBaseLogger,
    context: ExchangeContext & { readonly surfaces: { readonly websocket: Surface } },
  ) {
    this.surface = context.surfaces.websocket;
    this.request = request;
    this.peer = peer;
    this.requestId = requestId;
    this.log = log;
    this.#socket = socket;
    this.#call = call;
    this.#context = context;
  }

  get source(): RequestSource {
    return this.#call.source;
  }

  get principal(): Principal {
    return this.#call.principal;
  }

  get expiry(): Expiry {
    return this.surface.expiry;
  }

  get metadata(): Metadata {
    return this.#call.metadata;
  }

  get token(): CallToken | undefined {
    return this.#call.token;
  }

  get resume(): ResumePoint | undefined {
    return this.#call.resume;
  }

  get deadline(): number | undefined {
    return this.#call.deadline;
  }

  get wish(): RequestWish | undefined {
    return recordingWish(this.request);
  }

  openIncoming(exchange: ExchangeHandle): Incoming {
    const { request, peer } = this;
    const { method, limits } = request;
    const abort = exchange.abort.bind(exchange);
    const incoming = new WebSocketIncoming(request, this.#call.bound, this.#socket, peer, abort);
    const isBinary = () => incoming.isBinary;
    this.#isBinary = isBinary;
    boundSocketMessages(this.#socket, request.http.socket, {
      timeoutMs: limits.messageTimeoutMs,
      isPaused: () => peer.isPaused,
      isExpecting: () => request.location === undefined && incoming.isIncomplete,
      unfinished: this.#context.unfinished.of(this.#call.source.group, abort, () => peer.cut()),
      onLate: abort,
    });
    const limit = this.#context.exchanges.limits.uploadLimit(limits.uploadBytes);
    // Who joins a call has nothing to send, and may listen.
    if (request.location !== undefined) return incoming;
    return boundFirstMessage(boundUpload(incoming, request, limit, abort), {
      stream: method.requestStream,
      limits,
      hasAnswer: () => this.#outgoing?.hasAnswer === true,
      abort,
    });
  }

  openOutgoing(): Outgoing {
    this.#outgoing = new WebSocketOutgoing(this.request, this.peer, this.#isBinary);
    return this.#outgoing;
  }
}
