import type { OutgoingHttpHeaders } from 'node:http';
import {
  Code,
  type Metadata,
  type Reason,
  type RpcError,
  richStatusBytes,
  type Status,
} from '../../status/index.js';
import { encodeGrpcMessage } from '../../wire/index.js';
import {
  type ErrorAnswer,
  exposeNames,
  type HttpReply,
  sendErrorAnswer,
  warnLeftOut,
} from '../http/index.js';
import { REASON_HEADER } from '../message/index.js';
import { answerMetadata, unpadded } from '../rpc/index.js';

/**
 * A status as what gRPC sends last: its code, its text and details where there are such, and the trailers. Source: grpc/doc/PROTOCOL-HTTP2.md, "Responses".
 * An error of the gateway has its reason by its short name, and no details: the conformance cases of these protocols count them.
 */
export function statusPairs(reply: HttpReply, status: Status): Metadata {
  const { pairs, leftOut } = answerMetadata(status.trailers);
  warnLeftOut(reply, leftOut);
  return [...saidPairs(status), ...pairs];
}

/** The same without the trailers. */
function saidPairs(status: Status): [string, string][] {
  const said: [string, string][] = [['grpc-status', String(status.code)]];
  if (status.code !== Code.OK && status.message !== '')
    said.push(['grpc-message', encodeGrpcMessage(status.message)]);
  if (status.reason !== undefined) return [...said, [REASON_HEADER, status.reason]];
  const details = richStatusBytes(status);
  if (details !== undefined) said.push(['grpc-status-details-bin', unpadded(details.toString('base64'))]);
  return said;
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
): void {
  const headers = headersOfPairs(statusPairs(reply, status));
  exposeNames(reply, Object.keys(headers));
  reply.type(contentType);
  sendErrorAnswer(reply, { httpStatus: 200, headers: { ...failure?.headers, ...headers, ...NOT_KEPT } });
}

const NOT_KEPT = { 'cache-control': 'no-store' } as const;

/** What is no request of the protocol at all has HTTP's own status for that. */
const KEPT_STATUSES: ReadonlySet<Reason> = new Set(['HTTP_METHOD_NOT_ALLOWED', 'UNSUPPORTED_CONTENT_TYPE']);

/** The same for a request that never became a call. */
export function sendRefusalHead(reply: HttpReply, contentType: string, error: RpcError): void {
  const { names, answer } = error.as(refusalHead);
  exposeNames(reply, names);
  reply.type(contentType);
  sendErrorAnswer(reply, answer);
}

function refusalHead(error: RpcError): { readonly names: readonly string[]; readonly answer: ErrorAnswer } {
  const said = headersOfPairs(saidPairs(error.toStatus()));
  const { reason, httpStatus = 200 } = error;
  const answer = {
    httpStatus: KEPT_STATUSES.has(reason) ? httpStatus : 200,
    headers: { ...error.headers, ...said, ...NOT_KEPT },
  };
  return { names: Object.keys(said), answer };
}
