import type { OutgoingHttpHeaders } from 'node:http';
import type { Metadata } from '../../status/index.js';
import { exposeNames, type HttpReply, warnLeftOut } from '../http/index.js';
import { metadataHeaders } from '../message/index.js';
import { answerMetadata } from '../rpc/index.js';

/** In front of the names of trailers where they are headers. */
const TRAILER = 'trailer-';

/** Initial metadata as headers of an answer, and trailers where they are headers too. Once an answer. */
export function connectHeaders(
  reply: HttpReply,
  metadata: Metadata,
  trailers: Metadata = [],
): OutgoingHttpHeaders {
  const before = answerMetadata(metadata);
  const after = answerMetadata(trailers);
  const { headers, leftOut } = metadataHeaders(before.pairs, after.pairs, ['', TRAILER]);
  warnLeftOut(reply, [...before.leftOut, ...after.leftOut, ...leftOut]);
  exposeNames(reply, Object.keys(headers));
  return headers;
}
