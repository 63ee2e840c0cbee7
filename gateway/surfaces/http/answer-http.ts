import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AbortCause, Incoming, Outgoing } from '../../bridge/index.js';
import type { RequestSource } from '../../security/index.js';
import { type Metadata, RpcError } from '../../status/index.js';
import {
  boundEnd,
  boundIncoming,
  boundOutgoing,
  downloadOf,
  type ExchangeContext,
  type MethodRequest,
  runExchange,
  uploadOf,
} from '../exchange/index.js';
import { cutConnection, watchDelivery } from '../liveness/index.js';
import {
  fieldsBesideBody,
  hasSeenEnd,
  messageFromJson,
  messageFromQuery,
  resumeAfter,
  textFromBytes,
} from '../message/index.js';
import { BodyReader, type WholeBody } from './body-reader.js';
import { BytesIncoming, messageFromBytes } from './bytes-incoming.js';
import { BytesOutgoing } from './bytes-outgoing.js';
import { HeadOutgoing } from './head-outgoing.js';
import { JsonOutgoing } from './json-outgoing.js';
import { NdjsonIncoming } from './ndjson-incoming.js';
import { NdjsonOutgoing } from './ndjson-outgoing.js';
import { type Answer, type Ask, negotiate } from './negotiation.js';
import { singleIncoming } from './single-incoming.js';
import { SseOutgoing } from './sse-outgoing.js';

/** Answers one HTTP request for a method. Throws `RpcError` for what is wrong with the request, before any call is opened. */
export async function answerHttp(
  target: MethodRequest,
  request: FastifyRequest,
  reply: FastifyReply,
  call: {
    readonly metadata: Metadata;
    readonly deadline: number | undefined;
    readonly source: RequestSource;
  },
  context: ExchangeContext,
): Promise<void> {
  const { method, binding } = target;
  const { headers } = request;
  const { ask, answer } = negotiate(method, binding, {
    httpMethod: request.method,
    contentType: headers['content-type'],
    accept: headers.accept,
    hasBody: headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0,
  });
  assertNotEncoded(headers['content-encoding']);
  if (hasSeenEnd(target)) {
    // The one answer that makes an EventSource stay away, and no other client begins again.
    await reply.code(204).send();
    return;
  }
  const exchange = context.exchanges.open(answer === 'bytes' || !method.responseStream, call.source);
  const surface = answer;
  const { limits } = target;
  const { socket } = request.raw;
  let over = false;
  let closed = false;
  // The response, not the request: a request closes as soon as its body has been read. An exchange is open from before its
  // request has come whole until its answer has left this process, so that draining waits for it.
  const onClose = () => {
    closed = true;
    if (!over) exchange.abort('left');
    exchange.close();
  };
  if (reply.raw.destroyed) onClose();
  else reply.raw.once('close', onClose);
  const { id: requestId, log } = request;
  try {
    // The message is read and checked before a call is opened: bad input never reaches the service.
    const incoming = await openIncoming(ask, target, {
      maxBytes: limits.maxMessageBytes,
      deadline: call.deadline,
      signal: exchange.signal,
      unfinished: context.unfinished.of(call.source.group, (reason) => exchange.abort(reason)),
    });
    try {
      exchange.beginCall();
    } catch (reason) {
      incoming.close();
      throw reason;
    }
    const whole = openOutgoing(answer, target, reply);
    const onlyHead = request.method === 'HEAD' && answer !== 'json';
    const outgoing = onlyHead ? new HeadOutgoing(whole, reply) : whole;
    const stall = { maxPauseMs: limits.maxPauseMs, abort: (reason: RpcError) => exchange.abort(reason) };
    if (surface !== 'json') {
      reply.raw.once('close', watchDelivery(socket, limits.heartbeatMs));
      // The end of the grace: what still runs is cut here, where it is known how.
      exchange.signal.addEventListener('abort', () => {
        if (!closed && exchange.signal.reason === ('left' satisfies AbortCause)) cutConnection(socket);
      });
    }
    const plan = {
      request: target,
      surface,
      requestId,
      incoming: method.requestStream ? boundIncoming(incoming, stall) : incoming,
      outgoing: surface === 'json' ? outgoing : boundOutgoing(outgoing, stall, () => cutConnection(socket)),
      metadata: call.metadata,
      deadline: call.deadline,
      exchange,
      log,
    };
    const { cut } = await runExchange(plan, context);
    if (cut) cutConnection(socket);
  } finally {
    over = true;
    if (!closed) boundEnd(reply.raw, socket, limits.maxPauseMs);
  }
}

/** A compressed body would need bounds of its own against bombs, and nothing that calls us compresses requests. */
function assertNotEncoded(encoding: string | undefined): void {
  if (encoding === undefined || encoding.trim().toLowerCase() === 'identity') return;
  throw new RpcError(
    'UNSUPPORTED_CONTENT_ENCODING',
    'header content-encoding: send the request body uncompressed',
    {
      headers: { 'accept-encoding': 'identity' },
    },
  );
}

/** RFC 9112 section 6.3: without either there is no body, and who forgets a file did not mean an empty one. */
function assertHasBody(headers: IncomingHttpHeaders): void {
  if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) return;
  throw new RpcError(
    'LENGTH_REQUIRED',
    'header content-length: there is no body, and this path takes a file: send it, or "content-length: 0" for an empty one',
    { httpStatus: 411 },
  );
}

async function openIncoming(ask: Ask, target: MethodRequest, whole: WholeBody): Promise<Incoming> {
  if (ask === 'ndjson') return new NdjsonIncoming(target, whole.unfinished);
  const upload = uploadOf(target);
  if (ask === 'bytes' && upload !== undefined) {
    assertHasBody(target.http.headers);
    if (target.method.requestStream) return new BytesIncoming(target, upload);
    return singleIncoming(await messageFromBytes(target, upload, whole));
  }
  const message = ask === 'query' ? messageFromQuery(target) : await readMessage(target, whole);
  return singleIncoming(resumeAfter(target, message));
}

async function readMessage(target: MethodRequest, whole: WholeBody): Promise<Uint8Array> {
  // Before the body is touched: a bad query must not cost the client its connection.
  const address = fieldsBesideBody(target);
  const body = new BodyReader(target.http, target.limits);
  try {
    return messageFromJson(target, textFromBytes(await body.readAll(whole)), address);
  } finally {
    body.close();
  }
}

function openOutgoing(answer: Answer, target: MethodRequest, reply: FastifyReply): Outgoing {
  switch (answer) {
    case 'json':
      return new JsonOutgoing(target, reply);
    case 'sse':
      return new SseOutgoing(target, reply);
    case 'ndjson':
    case 'array':
      return new NdjsonOutgoing(target, reply, answer);
    case 'bytes': {
      const download = downloadOf(target);
      if (download === undefined) throw new TypeError('no field to download');
      return new BytesOutgoing(target, reply, download);
    }
  }
}
