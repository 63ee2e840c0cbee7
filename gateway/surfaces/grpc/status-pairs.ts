import type { OutgoingHttpHeaders } from 'node:http';
import { Code, type Metadata, type RpcError, richStatusBytes, type Status } from '../../status/index.js';
import { encodeGrpcMessage } from '../../wire/index.js';
import { exposeNames, type HttpReply, warnLeftOut } from '../http/index.js';
import { REASON_HEADER } from '../message/index.js';
import { answerMetadata, unpadded } from '../rpc/index.js';

/**
 * A status as what gRPC sends last: its code, its text and details where there are such, and the trailers. Source: grpc/doc/PROTOCOL-HTTP2.md, "Responses".
 * An error of the gateway has its reason by its short name, and no details: the conformance cases of these protocols count them.
 */
export function statusPairs(reply: HttpReply, status: Status): Metadata {
  const { pairs, leftOut } = answerMetadata(status.trailers);
  warnLeftOut(reply, leftOut);
  const said: [string, string][] = [['grpc-status', String(status.code)]];
  if (status.code !== Code.OK && status.message !== '')
    said.push(['grpc-message', encodeGrpcMessage(status.message)]);
  if (status.reason !== undefined) return [...said, [REASON_HEADER, status.reason], ...pairs];
  const details = richStatusBytes(status);
  if (details !== undefined) said.push(['grpc-status-details-bin', unpadded(details.toString('base64'))]);
  return [...said, ...pairs];
}

/** Pairs as headers: a name that occurs more than once has several lines. */
export function headersOfPairs(pairs: Metadata): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of pairs) {
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else headers[name] = [before, value];
  }
  return headers;
}

/** The initial metadata of a service as headers of an answer, which pages of allowed origins may read. */
export function answerHeaders(reply: HttpReply, metadata: Metadata): OutgoingHttpHeaders {
  const { pairs, leftOut } = answerMetadata(metadata);
  warnLeftOut(reply, leftOut);
  const headers = headersOfPairs(pairs);
  exposeNames(reply, Object.keys(headers));
  return headers;
}

/** Sends a head that says all: how a call ended that has no messages. Source: grpc/doc/PROTOCOL-HTTP2.md, "Trailers-Only". */
export function sendStatusHead(
  reply: HttpReply,
  contentType: string,
  status: Status,
  failure: Pick<RpcError, 'headers'> | undefined,
  httpStatus = 200,
): void {
  const headers = headersOfPairs(statusPairs(reply, status));
  exposeNames(reply, Object.keys(headers));
  reply
    .headers(failure?.headers ?? {})
    .headers(headers)
    .header('cache-control', 'no-store')
    .code(httpStatus)
    .type(contentType)
    .send();
}
