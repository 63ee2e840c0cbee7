import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { cutConnection, endConnection } from './connection-end.js';
import { watchPeer } from './peer-watch.js';

/** Error codes of HTTP/2. Source: RFC 9113 section 7. */
const NO_ERROR = 0;

/** Node makes INTERNAL_ERROR of any error. Its trace tells nothing, and nobody reads it. */
const CUT = new Error('the stream is cut');

/** The stream of HTTP/2 that carries a request or its answer; `undefined` for one of HTTP/1. */
export function streamOf(message: IncomingMessage | ServerResponse): ServerHttp2Stream | undefined {
  return (message as { stream?: ServerHttp2Stream }).stream;
}

/**
 * Ends at once what carries a request and its answer, in the middle of whatever is on it, so that no client takes a part of a body for the whole: its
 * stream, or its connection in HTTP/1. The other streams of a connection go on.
 */
export function cutRequest(request: IncomingMessage): void {
  const stream = streamOf(request);
  if (stream === undefined) cutConnection(request.socket);
  else cutStream(stream);
}

/** Ends what carries a request when its answer has left this process: the client is asked to send no more of it. Source: RFC 9113 section 8.1. */
export function endRequest(request: IncomingMessage): void {
  const stream = streamOf(request);
  if (stream === undefined) endConnection(request.socket);
  else if (!stream.closed) stream.close(NO_ERROR);
}

/**
 * Resets a stream. It is over for us at once, also where the connection takes nothing any more. Not with `close`, which ends the body first: a client
 * may then see the end, and take what it has for the whole.
 */
export function cutStream(stream: ServerHttp2Stream): void {
  stream.destroy(CUT);
}

/**
 * Ends the exchange of a request that is not read when its client has left. Returns what ends the watch. The connection of a stream is always read, so
 * there Node tells it.
 */
export function watchRequest(request: IncomingMessage): () => void {
  return streamOf(request) === undefined ? watchPeer(request.socket) : nothing;
}

function nothing(): void {}
