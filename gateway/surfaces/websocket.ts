import type { FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import type { Incoming } from '../bridge/index.js';
import type { RequestSource } from '../security/index.js';
import { ENDED, type Metadata, type RpcError } from '../status/index.js';
import type { AddressFields } from './address-fields.js';
import { type Conversation, converse, type Surroundings } from './conversation.js';
import { watchDelivery } from './delivery-watch.js';
import { boundFirstMessage } from './first-message.js';
import { boundIncoming, boundOutgoing } from './pauses.js';
import { hasSeenEnd, resumeAfter } from './request-message.js';
import { startSocketHeartbeat } from './socket-heartbeat.js';
import { SocketIncoming } from './socket-incoming.js';
import { SocketOutgoing } from './socket-outgoing.js';
import { boundSocketMessages } from './socket-patience.js';
import type { Target } from './target.js';

/** What a WebSocket's address and headers say, checked before the upgrade while a failure can still be a plain HTTP error. */
export interface SocketCall {
  readonly metadata: Metadata;
  readonly deadline: number | undefined;
  /** The fields in the address, encoded. */
  readonly bound: AddressFields;
  readonly source: RequestSource;
}

/**
 * Any call over a plain WebSocket. Must run in the tick of the upgrade, and of the check that its client may have one more exchange.
 */
export function answerSocket(
  target: Target,
  socket: WebSocket,
  request: FastifyRequest,
  call: SocketCall,
  surroundings: Surroundings,
): void {
  const { method } = target;
  if (hasSeenEnd(target)) {
    socket.on('error', () => {});
    void new SocketOutgoing(target, socket, request.raw.socket, () => false).end(ENDED);
    return;
  }
  const exchange = surroundings.exchanges.openWithCall(!method.responseStream, call.source);
  // Only then is the call over for us: a close frame may still be on its way.
  const onClose = () => exchange.abort('left');
  socket.once('close', onClose);
  // What fails on a socket closes it, and the close is what counts.
  socket.on('error', () => {});
  const raw = request.raw.socket;
  const incoming = new SocketIncoming(target, call.bound, socket, raw, (error) => exchange.abort(error));
  const { limits } = target;
  startSocketHeartbeat(socket, raw, limits.heartbeatMs, () => incoming.paused);
  watchDelivery(raw, limits.heartbeatMs);
  boundSocketMessages(socket, raw, {
    timeoutMs: limits.messageTimeoutMs,
    isPaused: () => incoming.paused,
    isExpecting: () => incoming.isIncomplete,
    unfinished: surroundings.unfinished.of(
      call.source.group,
      (reason) => exchange.abort(reason),
      () => socket.terminate(),
    ),
    onLate: (reason) => exchange.abort(reason),
  });
  const pauses = { maxPauseMs: limits.maxPauseMs, abort: (reason: RpcError) => exchange.abort(reason) };
  const outgoing = new SocketOutgoing(target, socket, raw, () => incoming.binary);
  const resumed = method.resume === undefined ? incoming : resuming(target, incoming);
  const requests = boundFirstMessage(resumed, {
    stream: method.requestStream,
    limits,
    hasAnswer: () => outgoing.hasAnswer,
    abort: pauses.abort,
  });
  const conversation: Conversation = {
    target,
    surface: 'websocket',
    requestId: request.id,
    incoming: boundIncoming(requests, pauses),
    outgoing: boundOutgoing(outgoing, pauses, () => socket.terminate()),
    metadata: call.metadata,
    deadline: call.deadline,
    exchange,
    log: request.log,
  };
  void converse(conversation, surroundings).finally(() => {
    socket.off('close', onClose);
    exchange.close();
    // Only a socket whose exchange was aborted is still open here.
    if (socket.readyState !== socket.CLOSED) socket.terminate();
  });
}

/** Puts the cursor of `lastEventId` into the request, as for SSE. */
function resuming(target: Target, incoming: SocketIncoming): Incoming {
  return {
    async read() {
      const batch = await incoming.read();
      return batch?.map((message) => resumeAfter(target, message));
    },
    close: () => incoming.close(),
  };
}
