import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { createRegistry, type Registry } from '@bufbuild/protobuf';
import { isRetryable, type RpcError, type Status } from '../../status/index.js';
import { formatSseEvent, namesOnly } from '../../wire/index.js';
import { spread } from '../exchange/index.js';
import { errorJson, REASON_HEADER, retryDelayMs } from '../message/index.js';
import type { HttpReply } from './http-reply.js';
import { MEDIA_TYPE } from './negotiation.js';
import { sendErrorAnswer } from './reply.js';

const NO_TYPES = createRegistry();

/** The head of every SSE answer. `no-transform`: a compressing proxy would hold events back. */
export const SSE_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
} as const;

/** Whether an event may tell the client to come back: it goes on then, with the id that it has, and with a new credential where that had ended. */
export function mayComeBack({ code, reason }: Pick<Status, 'code' | 'reason'>): boolean {
  return isRetryable(code) || reason === 'CREDENTIAL_EXPIRED';
}

/** An `EventSource` gives up for ever on any status but 200, so what it should try again must not have one. */
export function mustStayOk(
  { method, headers }: Pick<IncomingMessage, 'method' | 'headers'>,
  status: Pick<Status, 'code' | 'reason'>,
): boolean {
  return (
    (method === 'GET' || method === 'HEAD') &&
    namesOnly(headers.accept, MEDIA_TYPE.sse) &&
    mayComeBack(status)
  );
}

/** The last event of a stream that may be asked for again: without a final id, and with the time to wait. */
export function retryableEvent(status: Status, registry: Registry, retryMs: number): string {
  return formatSseEvent({
    event: 'error',
    retryMs: delayOf(status, registry, retryMs),
    data: dataOf(status, registry),
  });
}

function dataOf(status: Status, registry: Registry): string {
  return JSON.stringify({ ...errorJson(status, registry), truncated: status.truncated });
}

/** What a service asks for is what it gets. Those whom we refuse would all come back at once, so they are spread over the time after it. */
function delayOf(status: Status, registry: Registry, retryMs: number): number {
  const delayMs = retryDelayMs(status, registry);
  if (delayMs === undefined) return spread(retryMs);
  return status.reason === undefined ? delayMs : spreadAfter(delayMs, retryMs);
}

function spreadAfter(delayMs: number, retryMs: number): number {
  return Math.ceil(delayMs + Math.random() * retryMs);
}

/** Answers a request that never became an exchange, and must stay 200, with that one event. */
export function sendRetryableEvent(reply: HttpReply, failure: RpcError, retryMs: number): void {
  const { headers, data } = failure.as(refusalEvent);
  const { retryAfterMs } = failure;
  const wait = retryAfterMs === undefined ? spread(retryMs) : spreadAfter(retryAfterMs, retryMs);
  const body = formatSseEvent({ event: 'error', retryMs: wait, data });
  sendErrorAnswer(reply, { httpStatus: 200, headers, body });
}

function refusalEvent(failure: RpcError): { readonly headers: OutgoingHttpHeaders; readonly data: string } {
  return {
    headers: { ...failure.headers, ...SSE_HEADERS, [REASON_HEADER]: failure.reason },
    data: dataOf(failure.toStatus(), NO_TYPES),
  };
}
