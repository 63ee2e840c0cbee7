import type { IncomingMessage } from 'node:http';
import { streamOf } from '../liveness/index.js';

/** A request announces that a body follows, which is not known to be empty. */
export function announcesBody(request: IncomingMessage): boolean {
  return hasLength(request) ? Number(request.headers['content-length']) > 0 : isOpen(request);
}

/** A request says whether it has a body, if only an empty one. Source: RFC 9112 section 6.3. */
export function saysBody(request: IncomingMessage): boolean {
  return hasLength(request) || isOpen(request);
}

function hasLength({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined;
}

/** Something follows the head whose length nobody knows. In HTTP/2 the head says whether it is the end. Source: RFC 9113 section 8.1. */
function isOpen(request: IncomingMessage): boolean {
  const stream = streamOf(request);
  return stream === undefined ? request.headers['transfer-encoding'] !== undefined : !stream.endAfterHeaders;
}
