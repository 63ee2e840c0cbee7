import type { IncomingMessage } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';
import type { HttpProtocol } from '../surfaces/index.js';

/** What is asked of a request: Fastify's has it, and so has one that has never been Fastify's. */
export interface ServerRequest {
  readonly raw: IncomingMessage;
  readonly id: string;
  readonly method: string;
  readonly log: FastifyBaseLogger;
  /** It is to be upgraded to a WebSocket. */
  readonly ws: boolean;
  /** What it speaks, once that is known of its path as well; until then its head says it. */
  spoken: HttpProtocol | null;
}
