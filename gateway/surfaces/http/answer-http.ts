import type { FastifyBaseLogger } from 'fastify';
import type { Incoming, Outgoing } from '../../bridge/index.js';
import type { CallToken, ResumePoint } from '../../recording/index.js';
import type { Principal, RequestSource } from '../../security/index.js';
import { ENDED, type Metadata, type RpcError } from '../../status/index.js';
import {
  AFTER_EXPIRY,
  boundUpload,
  type ExchangeContext,
  type ExchangeHandle,
  type ExchangePlan,
  type Expiry,
  type MethodRequest,
  runExchange,
} from '../exchange/index.js';
import {
  hasSeenEnd,
  prefersAsync,
  type RequestWish,
  recordingWish,
  resumePointOf,
} from '../message/index.js';
import { accepted } from './accepted-outgoing.js';
import { announcesBody } from './announced-body.js';
import { HeadOutgoing } from './head-outgoing.js';
import { HttpPeer } from './http-peer.js';
import type { HttpCall, NamedRequest } from './http-protocol.js';
import type { HttpReply } from './http-reply.js';
import type { HttpForms, HttpSurface, Negotiated, OpenRequest } from './http-surface.js';
import { ACCEPT_QUERY, chooseAnswer, negotiate } from './negotiation.js';
import { assertEncodingTaken } from './request-body.js';
import { openFileBody } from './request-forms.js';

/** Answers one HTTP request for a method in the form that it asks for. Rejects with `RpcError` for what is wrong with the request, before any call is opened. */
export function answerHttp(
  request: MethodRequest,
  named: NamedRequest,
  reply: HttpReply,
  call: HttpCall,
  context: ExchangeContext,
  forms: HttpForms,
): Promise<void> {
  // Not `async`: for as long as a stream is open there would be one more that waits for it.
  try {
    const { headers, method: httpMethod = '' } = request.http;
    const wish = {
      httpMethod,
      contentType: headers['content-type'],
      accept: headers.accept,
      hasBody: announcesBody(request.http),
    };
    const negotiated =
      request.location === undefined
        ? negotiate(forms, request, wish)
        : { open: openNothing, surface: chooseAnswer(forms.answers, request.method, undefined, wish) };
    assertEncodingTaken(headers['content-encoding']);
    if (httpMethod === 'QUERY' || (httpMethod === 'HEAD' && request.binding === undefined)) {
      reply.headers(ACCEPT_QUERY);
    }
    if (hasSeenEnd(request)) {
      // The one answer that makes an EventSource stay away, and no other client begins again.
      reply.code(204).send();
      return Promise.resolve();
    }
    const isAsync = request.location === undefined && prefersAsync(headers);
    const form = isAsync && request.method.recording !== undefined ? accepted(negotiated) : negotiated;
    return answerAs(form, request, named, reply, call, context);
  } catch (reason) {
    return Promise.reject(reason);
  }
}

/** Answers a request of which is known how it is taken and answered. Rejects with `RpcError`, before any call is opened. */
export function answerAs(
  { open, surface, isDetached }: Negotiated,
  request: MethodRequest,
  { id, log }: NamedRequest,
  reply: HttpReply,
  call: HttpCall,
  context: ExchangeContext,
): Promise<void> {
  try {
    if (hasSeenEnd(request)) {
      // What our own forms say with 204, an RPC protocol says with an answer without messages.
      return surface.open(request, reply).end(ENDED, undefined);
    }
    return runExchange(
      new HttpExchange(surface, open, request, reply, call, id, log, context, isDetached),
      context,
    );
  } catch (reason) {
    return Promise.reject(reason);
  }
}

/** Who joins a call sends nothing. */
const openNothing: OpenRequest = () => ({ read: () => undefined, close: () => {} });

class HttpExchange implements ExchangePlan {
  readonly surface: HttpSurface;
  readonly request: MethodRequest;
  readonly peer: HttpPeer;
  readonly requestId: string;
  readonly resume: ResumePoint | undefined;
  readonly wish: RequestWish | undefined;
  readonly log: FastifyBaseLogger;
  readonly #open: OpenRequest;
  readonly #reply: HttpReply;
  readonly #call: HttpCall;
  readonly #context: ExchangeContext;

  constructor(
    surface: HttpSurface,
    open: OpenRequest,
    request: MethodRequest,
    reply: HttpReply,
    call: HttpCall,
    requestId: string,
    log: FastifyBaseLogger,
    context: ExchangeContext,
    isDetached = false,
  ) {
    this.surface = surface;
    this.request = request;
    this.peer = new HttpPeer(reply.raw, request.http, request.limits.heartbeatMs);
    this.requestId = requestId;
    this.resume = resumePointOf(request);
    this.wish = recordingWish(request, isDetached);
    this.log = log;
    this.#open = open;
    this.#reply = reply;
    this.#call = call;
    this.#context = context;
  }

  get source(): RequestSource {
    return this.#call.source;
  }

  get principal(): Principal {
    return this.#call.principal;
  }

  /** A file on its way up is one as well. */
  get expiry(): Expiry {
    return this.#open === openFileBody ? AFTER_EXPIRY : this.surface.expiry;
  }

  get metadata(): Metadata {
    return this.#call.metadata;
  }

  get token(): CallToken | undefined {
    return this.#call.token;
  }

  get deadline(): number | undefined {
    return this.#call.deadline;
  }

  openIncoming(exchange: ExchangeHandle): Incoming | Promise<Incoming> {
    const abort = (reason: RpcError) => exchange.abort(reason);
    const { maxMessageBytes, uploadBytes } = this.request.limits;
    const upload = this.#context.exchanges.limits.uploadLimit(uploadBytes);
    const incoming = this.#open(this.request, {
      maxBytes: maxMessageBytes,
      deadline: this.#call.deadline,
      signal: exchange.signal,
      countUnfinished: () => this.#context.unfinished.of(this.#call.source.group, abort),
      upload,
    });
    // Its bytes are counted as they are read.
    if (uploadBytes === 0 || this.#open === openFileBody) return incoming;
    const bound = (inner: Incoming) => boundUpload(inner, this.request, upload, abort);
    return incoming instanceof Promise ? incoming.then(bound) : bound(incoming);
  }

  openOutgoing(): Outgoing {
    const whole = this.surface.open(this.request, this.#reply);
    return this.request.http.method === 'HEAD' ? new HeadOutgoing(whole, this.#reply) : whole;
  }
}
