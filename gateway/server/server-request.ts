import type { IncomingMessage } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';

/** What is asked of a request: Fastify's has it, and so has one that has never been Fastify's. */
export interface ServerRequest {
  readonly raw: IncomingMessage;
  readonly id: string;
  readonly method: string;
  readonly log: FastifyBaseLogger;
  /** It is to be upgraded to a WebSocket. */
  readonly ws: boolean;
}
