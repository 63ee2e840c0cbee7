import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Incoming, Outgoing } from '../bridge/index.js';
import { Code, type Metadata, RpcError } from '../status/index.js';
import { BodyReader } from './body-reader.js';
import { BytesIncoming, messageFromBytes } from './bytes-incoming.js';
import { BytesOutgoing } from './bytes-outgoing.js';
import { converse, type Surroundings } from './conversation.js';
import { NdjsonIncoming } from './ndjson-incoming.js';
import { NdjsonOutgoing } from './ndjson-outgoing.js';
import { type Answer, type Ask, negotiate } from './negotiation.js';
import {
  lastEventId,
  messageFromJson,
  messageFromQuery,
  resumeAfter,
  textFromBytes,
} from './request-message.js';
import { singleIncoming } from './single-incoming.js';
import { SseOutgoing } from './sse-outgoing.js';
import type { Target } from './target.js';
import { UnaryOutgoing } from './unary-outgoing.js';

/** Answers one HTTP request for a method. Throws `RpcError` for what is wrong with the request, before any call is opened. */
export async function answerHttp(
  target: Target,
  request: FastifyRequest,
  reply: FastifyReply,
  call: { readonly metadata: Metadata; readonly deadline: number | undefined },
  surroundings: Surroundings,
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
  if (answer === 'sse' && lastEventId(target).kind === 'ended') {
    // The one answer that makes an EventSource stay away.
    await reply.code(204).send();
    return;
  }
  // The message is read and checked before a call is opened: bad input never reaches the service.
  const incoming = await openIncoming(ask, target);
  const outgoing = openOutgoing(answer, target, reply);
  const exchange = surroundings.exchanges.open(answer === 'bytes' || !method.responseStream);
  const surface = answer === 'json' ? 'rest' : answer;
  let over = false;
  // The response, not the request: a request closes as soon as its body has been read. An exchange is open until its answer has
  // left this process, so that draining waits for it.
  const onClose = () => {
    if (!over) exchange.abort('left');
    exchange.close();
  };
  if (reply.raw.destroyed) onClose();
  else reply.raw.once('close', onClose);
  const { id: requestId, log } = request;
  await converse({ target, surface, requestId, incoming, outgoing, ...call, exchange, log }, surroundings);
  over = true;
}

/** A compressed body would need bounds of its own against bombs, and nothing that calls us compresses requests. */
function assertNotEncoded(encoding: string | undefined): void {
  if (encoding === undefined || encoding.trim().toLowerCase() === 'identity') return;
  throw new RpcError(Code.INVALID_ARGUMENT, 'header content-encoding: send the body as it is', {
    httpStatus: 415,
  });
}

async function openIncoming(ask: Ask, target: Target): Promise<Incoming> {
  const { method } = target;
  if (ask === 'ndjson') return new NdjsonIncoming(target);
  if (ask === 'bytes' && method.uploadField !== undefined) {
    if (method.requestStream) return new BytesIncoming(target, method.uploadField);
    return singleIncoming(await messageFromBytes(target, method.uploadField));
  }
  const message = ask === 'query' ? messageFromQuery(target) : await readMessage(target);
  return singleIncoming(resumeAfter(target, message));
}

async function readMessage(target: Target): Promise<Uint8Array> {
  const body = new BodyReader(target.request);
  try {
    return messageFromJson(target, textFromBytes(await body.readAll(target.limits.maxMessageBytes)));
  } finally {
    body.close();
  }
}

function openOutgoing(answer: Answer, target: Target, reply: FastifyReply): Outgoing {
  switch (answer) {
    case 'json':
      return new UnaryOutgoing(target, reply);
    case 'sse':
      return new SseOutgoing(target, reply);
    case 'ndjson':
    case 'array':
      return new NdjsonOutgoing(target, reply, answer);
    case 'bytes':
      if (target.method.downloadField === undefined) throw new TypeError('no field to download');
      return new BytesOutgoing(target, reply, target.method.downloadField);
  }
}
