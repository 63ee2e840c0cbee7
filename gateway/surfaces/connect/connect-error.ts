import type { Registry } from '@bufbuild/protobuf';
import type { Metadata, Status } from '../../status/index.js';
import type { HttpReply } from '../http/index.js';
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
  const delayMs = retryDelayMs(status, registry);
  if (delayMs !== undefined) reply.header('retry-after', Math.ceil(delayMs / 1_000));
  reply
    .headers(connectHeaders(reply, metadata, status.trailers))
    .headers(status.reason === undefined ? {} : { [REASON_HEADER]: status.reason })
    .code(connectFailure(status).httpStatus)
    .header('cache-control', 'no-store')
    .type('application/json')
    .send(JSON.stringify(connectErrorJson(status, registry)));
}
