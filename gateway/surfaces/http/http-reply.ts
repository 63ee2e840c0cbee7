import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';

/** What the answer to an HTTP request is made with, until its head is sent: Fastify's reply, or our own that is as little as this. */
export interface HttpReply {
  readonly raw: ServerResponse;
  readonly log: FastifyBaseLogger;
  readonly request: { readonly id: string };
  /** An answer has been sent whole, or somebody sends it with `raw`. */
  readonly sent: boolean;
  code(status: number): HttpReply;
  /** Sets a header, in place of the one that was set before. */
  header(name: string, value: number | string | string[] | undefined): HttpReply;
  headers(values: OutgoingHttpHeaders): HttpReply;
  type(mediaType: string): HttpReply;
  getHeader(name: string): number | string | string[] | undefined;
  /** All that have been set, by name in lower case. */
  getHeaders(): Record<string, OutgoingHttpHeader | undefined>;
  /** Whoever calls it sends the answer with `raw`. */
  hijack(): HttpReply;
  /** Sends the head, and a body that is all here. */
  send(body?: string): unknown;
}
