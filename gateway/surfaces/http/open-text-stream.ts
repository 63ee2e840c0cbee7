import type { OutgoingHttpHeaders } from 'node:http';
import type { MethodRequest } from '../exchange/index.js';
import { codingFor, varyByEncoding } from './compress-whole.js';
import { CompressedBody } from './compressed-body.js';
import type { HttpReply } from './http-reply.js';
import { openResponse } from './open-response.js';
import { startStream } from './reply.js';
import type { ResponseSink } from './response-sink.js';
import { takeEncoder } from './stream-encoder.js';

/** Sends the head of a stream of texts, and opens where they go: compressed where that is switched on and the client takes it. */
export function openTextStream(
  { http, compress, limits }: Pick<MethodRequest, 'http' | 'compress' | 'limits'>,
  reply: HttpReply,
  headers: OutgoingHttpHeaders,
): ResponseSink {
  const coding = compress === 'all' ? codingFor(http, reply) : undefined;
  if (compress === 'all') varyByEncoding(reply);
  const encoder = coding && takeEncoder(coding);
  startStream(reply, encoder === undefined ? headers : { ...headers, 'content-encoding': coding });
  const sink = openResponse(reply.raw, limits.highWaterBytes);
  return encoder === undefined ? sink : new CompressedBody(sink, encoder, reply.raw);
}
