import type { FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import type { Incoming } from '../../bridge/index.js';
import type { RequestSource } from '../../security/index.js';
import { ENDED, type Metadata, type RpcError } from '../../status/index.js';
import type { MethodRequest } from '../exchange/index.js';
import {
  boundFirstMessage,
  boundIncoming,
  boundOutgoing,
  type ExchangeContext,
  type ExchangePlan,
  runExchange,
} from '../exchange/index.js';
import { watchDelivery } from '../liveness/index.js';
import type { AddressFields } from '../message/index.js';
import { hasSeenEnd, resumeAfter } from '../message/index.js';
import { boundSocketMessages, startSocketHeartbeat } from '../socket/index.js';
import { WebSocketIncoming } from './websocket-incoming.js';
import { WebSocketOutgoing } from './websocket-outgoing.js';

/** What a WebSocket's address and headers say, checked before the upgrade while a failure can still be a plain HTTP error. */
export interface WebSocketCall {
  readonly metadata: Metadata;
  readonly deadline: number | undefined;
  /** The fields in the address, encoded. */
  readonly bound: AddressFields;
  readonly source: RequestSource;
}

/**
 * Any call over a plain WebSocket. Must run in the tick of the upgrade, and of the check that its client may have one more exchange.
 */
export function answerWebSocket(
  target: MethodRequest,
  socket: WebSocket,
  request: FastifyRequest,
  call: WebSocketCall,
  context: ExchangeContext,
): void {
  const { method } = target;
  if (hasSeenEnd(target)) {
    socket.on('error', () => {});
    void new WebSocketOutgoing(target, socket, request.raw.socket, () => false).end(ENDED);
    return;
  }
  const exchange = context.exchanges.openWithCall(!method.responseStream, call.source);
  // Only then is the call over for us: a close frame may still be on its way.
  const onClose = () => exchange.abort('left');
  socket.once('close', onClose);
  // What fails on a socket closes it, and the close is what counts.
  socket.on('error', () => {});
  const raw = request.raw.socket;
  const incoming = new WebSocketIncoming(target, call.bound, socket, raw, (error) => exchange.abort(error));
  const { limits } = target;
  startSocketHeartbeat(socket, raw, limits.heartbeatMs, () => incoming.paused);
  watchDelivery(raw, limits.heartbeatMs);
  boundSocketMessages(socket, raw, {
    timeoutMs: limits.messageTimeoutMs,
    isPaused: () => incoming.paused,
    isExpecting: () => incoming.isIncomplete,
    unfinished: context.unfinished.of(
      call.source.group,
      (reason) => exchange.abort(reason),
      () => socket.terminate(),
    ),
    onLate: (reason) => exchange.abort(reason),
  });
  const stall = { maxPauseMs: limits.maxPauseMs, abort: (reason: RpcError) => exchange.abort(reason) };
  const outgoing = new WebSocketOutgoing(target, socket, raw, () => incoming.binary);
  const resumed = method.resume === undefined ? incoming : resuming(target, incoming);
  const requests = boundFirstMessage(resumed, {
    stream: method.requestStream,
    limits,
    hasAnswer: () => outgoing.hasAnswer,
    abort: stall.abort,
  });
  const plan: ExchangePlan = {
    request: target,
    surface: 'websocket',
    requestId: request.id,
    incoming: boundIncoming(requests, stall),
    outgoing: boundOutgoing(outgoing, stall, () => socket.terminate()),
    metadata: call.metadata,
    deadline: call.deadline,
    exchange,
    log: request.log,
  };
  void runExchange(plan, context).finally(() => {
    socket.off('close', onClose);
    exchange.close();
    // Only a socket whose exchange was aborted is still open here.
    if (socket.readyState !== socket.CLOSED) socket.terminate();
  });
}

/** Puts the cursor of `lastEventId` into the request, as for SSE. */
function resuming(target: MethodRequest, incoming: WebSocketIncoming): Incoming {
  return {
    async read() {
      const batch = await incoming.read();
      return batch?.map((message) => resumeAfter(target, message));
    },
    close: () => incoming.close(),
  };
}
