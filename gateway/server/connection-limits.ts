import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { RpcError } from '../status/index.js';

/** Requests that may be in work on one connection. HTTP/1.1 clients that pipeline at all send a few; Node would take any number. */
const MAX_PIPELINED = 8;

/** The longest time between two looks for heads that are late, in milliseconds. */
const HEAD_CHECK_MS = 5_000;

/** Parts of a WebSocket message that may be held: 4 MiB in TCP's usual segments are three thousand, and each costs more than its bytes. */
const MAX_PARTS = 16 * 1024;

/** Options of the HTTP server: how long a connection may take for what. */
export function connectionTimes(requestHeadMs: number): ServerOptions {
  return {
    noDelay: true,
    // A client that vanished without a word, and is sent nothing, is noticed by keepalive: the kernel alone takes hours.
    keepAlive: true,
    keepAliveInitialDelay: 15_000,
    headersTimeout: requestHeadMs,
    connectionsCheckingInterval: Math.min(requestHeadMs, HEAD_CHECK_MS),
  };
}

/** Options of the WebSocket server: what one message may cost to hold before it is whole. */
export const MESSAGE_PARTS = { maxBufferedChunks: MAX_PARTS, maxFragments: MAX_PARTS } as const;

const IN_WORK = Symbol('responses in work');
/**
 * An array, which is short, and not a set: the tables that an old set has left behind hold every response that was ever in it until the next
 * full collection.
 */
type Counted = Socket & { [IN_WORK]?: ServerResponse[] };

/** Counts a request on its connection. Throws RESOURCE_EXHAUSTED when too many wait there for their turn. */
export function admitOnConnection(request: IncomingMessage, response: ServerResponse): void {
  // Streams of HTTP/2 do not wait for one another, and each connection may have only so many.
  if (request.httpVersionMajor > 1) return;
  const socket: Counted = request.socket;
  const known = socket[IN_WORK];
  const inWork = known ?? countOn(socket, response);
  if (known !== undefined) inWork.push(response);
  // One function for all of them, which costs less than one each.
  response.on('close', leave);
  if (inWork.length > MAX_PIPELINED) {
    throw new RpcError(
      'PIPELINE_LIMIT',
      `more than ${MAX_PIPELINED} requests at once on one connection: wait for answers`,
    );
  }
}

function leave(this: ServerResponse): void {
  const inWork = (this.req.socket as Counted)[IN_WORK];
  const at = inWork?.indexOf(this) ?? -1;
  if (at >= 0) inWork?.splice(at, 1);
}

/**
 * Whether what we write to a connection now can be the answer to bytes that its client has just sent. Not while a response is in work: a head in
 * the middle of its body, or in front of it, would be taken for something else. Only a request whose own rest is bad can still be answered.
 */
export function mayAnswerNow(socket: Socket): boolean {
  const inWork = (socket as Counted)[IN_WORK];
  if (inWork === undefined || inWork.length === 0) return true;
  const [response] = inWork;
  return inWork.length === 1 && response?.headersSent === false && !response.req.complete;
}

/** A response is in work on a connection. */
export function isAnswering(socket: Socket): boolean {
  return ((socket as Counted)[IN_WORK]?.length ?? 0) > 0;
}

/** The responses that are in work on a connection. */
export function responsesInWork(socket: Socket): Iterable<ServerResponse> {
  return (socket as Counted)[IN_WORK] ?? [];
}

/** A list that is made with what is in it has no room for sixteen more. */
function countOn(socket: Counted, response: ServerResponse): ServerResponse[] {
  const inWork = [response];
  socket[IN_WORK] = inWork;
  socket.on('close', closeWaiting);
  return inWork;
}

/** Node tells only the response whose turn it is that the client has left. The ones behind it would wait for ever, and their calls. */
function closeWaiting(this: Counted): void {
  for (const response of [...(this[IN_WORK] ?? [])]) {
    if (response.socket !== null) continue;
    response.destroy();
    response.emit('close');
  }
}
