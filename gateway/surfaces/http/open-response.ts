import type { ServerResponse } from 'node:http';
import { streamOf } from '../liveness/index.js';
import { ChunkedBody } from './chunked-body.js';
import type { ResponseSink } from './response-sink.js';
import { StreamBody } from './stream-body.js';

/**
 * The sink of a response whose head has been written. `highWaterBytes`: how much of what was written may wait in this process while there is room for
 * more.
 */
export function openResponse(response: ServerResponse, highWaterBytes: number): ResponseSink {
  const stream = streamOf(response);
  return stream === undefined
    ? new ChunkedBody(response, highWaterBytes)
    : new StreamBody(response, stream, highWaterBytes);
}
