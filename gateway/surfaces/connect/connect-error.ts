import type { Registry } from '@bufbuild/protobuf';
import type { Metadata, RpcError, Status } from '../../status/index.js';
import { type ErrorAnswer, type HttpReply, sendErrorAnswer } from '../http/index.js';
import { REASON_HEADER, retryDelayMs } from '../message/index.js';
import { connectFailure } from './connect-code.js';
import { connectHeaders } from './connect-headers.js';
import { connectErrorJson } from './connect-json.js';

/** Sends a failure in place of a message; `metadata` is the initial one. Only while the head has not been sent. */
export function sendConnectError(
  reply: HttpReply,
  status: Status,
  registry: Registry,
  metadata: Metadata = [],
): void {
  const { httpStatus, headers, body } = connectErrorAnswer(status, registry);
  const ofService = connectHeaders(reply, metadata, status.trailers);
  sendErrorAnswer(reply, { httpStatus, headers: { ...ofService, ...headers }, body });
}

/** A failure as an answer; `own`: headers of the gateway. Pure. */
export function connectErrorAnswer(
  status: Status,
  registry: Registry,
  own?: RpcError['headers'],
): ErrorAnswer & { readonly body: string } {
  const delayMs = retryDelayMs(status, registry);
  return {
    httpStatus: connectFailure(status).httpStatus,
    headers: {
      ...own,
      ...(delayMs !== undefined && { 'retry-after': String(Math.ceil(delayMs / 1_000)) }),
      ...(status.reason !== undefined && { [REASON_HEADER]: status.reason }),
      'cache-control': 'no-store',
      'content-type': 'application/json',
    },
    body: JSON.stringify(connectErrorJson(status, registry)),
  };
}
